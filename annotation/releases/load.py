"""Taking a release in: verified first, then loaded into a study that holds nothing, in one transaction.

Public ids, pseudonyms, times, states, seats, orders and revisions come back as they were, so that a release of the new
study has the same data byte for byte; so does what people say of the dataset in its papers. What a release does not
hold is new or empty: logins, source ids, page tokens, leases.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db import DatabaseError, transaction

from annotation.domain.describing import DescriptionInvalid, describe_dataset, described_of
from annotation.models import Campaign, DatasetDescription, Participant
from annotation.releases import load_answers, load_campaigns, load_material, load_raters
from annotation.releases.description_file import DescriptionFileInvalid, described_by
from annotation.releases.errors import ReleaseRefused
from annotation.releases.loading import Loading
from annotation.releases.verify import verify_release
from pipeline.backends.base import BackendUnusable
from pipeline.domain.masking import rules_in_words
from pipeline.models import Corpus, Prompt, Run
from studies.domain.audit import record_event
from studies.domain.errors import StudyInvalid
from studies.domain.studies import create_study
from studies.models import Study, User

Progress = Callable[[str, int], None]
STEPS: tuple[tuple[str, Callable[[Loading], None]], ...] = (
    ("runs", load_material.load_runs),
    ("runs", load_material.load_run_inputs),
    ("people", load_material.load_people),
    ("people", load_material.load_sampled_people),
    ("conversations", load_material.load_conversations),
    ("conversations", load_material.tally_conversations),
    ("attributes", load_material.load_attributes),
    ("attributes", load_material.load_origins_and_evidence),
    ("prompts", load_material.load_prompts),
    ("responses", load_material.load_responses),
    ("response_pairs", load_material.load_pairs),
    ("consent_forms", load_campaigns.load_consent_forms),
    ("campaigns", load_campaigns.load_campaigns),
    ("items", load_campaigns.load_items),
    ("raters", load_raters.load_raters),
    ("raters", load_raters.load_demographics),
    ("consents", load_raters.load_consents),
    ("exclusions", load_raters.load_exclusions),
    ("closings", load_raters.load_closings),
    ("assignments", load_answers.load_assignments),
    ("judgments", load_answers.load_judgments),
    ("remarks", load_answers.load_remarks),
    ("model_votes", load_answers.load_votes),
    ("findings", load_answers.load_findings),
    ("labels", load_answers.load_labels),
    ("assignments", load_answers.recount),
)


def import_release(*, path: Path, slug: str, actor: User | None = None, progress: Progress | None = None) -> Study:
    """The study ``slug``, holding what the release in ``path`` holds. It must not exist yet, or be empty.

    Raises ReleaseRefused, and changes nothing, when the release does not verify, the study holds anything, or a public
    id of the release is in this database already (the study it was made from, or an earlier import of it).
    """
    path = Path(path)
    problems = verify_release(path)
    if problems:
        raise ReleaseRefused(problems)
    manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    with transaction.atomic():
        study = _empty_study(slug, manifest["study"], actor)
        loading = Loading(study, path, _looked_with(manifest))
        for table, step in STEPS:
            _run_step(loading, table, step)
            if progress:
                progress(table, loading.rows_read)
        _describe(study, manifest, actor)
        record_event(
            study=study,
            actor=actor,
            verb="import_release",
            subject=f"release:{manifest['release']}",
            detail={"version": manifest["version"], "from": manifest["study"]["slug"]},
        )
    return study


def _looked_with(manifest: dict[str, Any]) -> str:
    """What raters wrote is not looked through again where the release covers it: it would find what reads like personal
    data in what covers some. Elsewhere it waits for a worker, as what was just written does."""
    made_with = manifest.get("settings") or {}
    covers = made_with.get("masks") and "remarks" in made_with.get("looked_through", ())
    try:
        return rules_in_words() if covers else ""
    except BackendUnusable as error:
        raise ReleaseRefused([str(error)]) from error


def _describe(study: Study, manifest: dict[str, Any], actor: User | None) -> None:
    """As the release is described, unless somebody described the study before. Older releases do not say it apart."""
    if not manifest.get("described") or DatasetDescription.objects.filter(study=study).exists():
        return
    try:
        described = described_by(manifest["described"], "manifest.json: described")
        if described != described_of(study):
            describe_dataset(study=study, actor=actor, described=described)
    except (DescriptionFileInvalid, DescriptionInvalid) as error:
        raise ReleaseRefused(str(error).splitlines()) from error


def _run_step(loading: Loading, table: str, step: Callable[[Loading], None]) -> None:
    try:
        with transaction.atomic():
            step(loading)
    except (DatabaseError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ReleaseRefused(
            [f"{loading.place(table)}: the database refuses a row at or before this line ({reason}); correct it"]
        ) from error


def _empty_study(slug: str, described: dict[str, str], actor: User | None) -> Study:
    study = Study.objects.select_for_update().filter(slug=slug).first()
    if study is None:
        try:
            title = described["title"] or slug
            return create_study(slug=slug, title=title, description=described.get("description", ""), actor=actor)
        except StudyInvalid as error:
            raise ReleaseRefused([error.message]) from error
    held = list(_held_by(study))
    if held:
        raise ReleaseRefused(
            [f"study {slug!r} holds {', '.join(held)} already; import into a slug that no study has, or an empty study"]
        )
    return study


def _held_by(study: Study) -> Iterator[str]:
    for model, what in ((Run, "runs"), (Corpus, "corpora"), (Prompt, "prompts"), (Campaign, "campaigns")):
        if model._default_manager.filter(study=study).exists():
            yield what
    if Participant.objects.filter(study=study).exists():
        yield "participants"
