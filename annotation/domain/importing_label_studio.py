"""Answers that were given in Label Studio, as an imported campaign about units that the study has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction
from django.db.models import Max

from annotation.domain.building import ensure_guideline
from annotation.domain.errors import AnnotationError
from annotation.domain.importing_answers import GUIDELINE, K_UNKNOWN
from annotation.domain.joining import import_rater
from annotation.domain.label_studio_file import Answer, Problem, read_answers
from annotation.enums import AssignmentState, CampaignState, Origin
from annotation.models import Assignment, Campaign, Item, ItemPerson, Judgment, Question, Rater, Revision
from pipeline.enums import InstrumentName, Side
from pipeline.models import Attribute, Prompt, ResponsePair
from studies.domain.audit import Detail, record_event
from studies.models import Study, User

SHOWN = 20
PREFIX = "label-studio"  # of raters' source ids, so that they are nobody else's


class LabelStudioRefused(AnnotationError):
    """Nothing was imported. ``problems``: one sentence each, naming file, line, field and remedy."""

    status = 409

    def __init__(self, problems: list[str]) -> None:
        more = len(problems) - SHOWN
        super().__init__("\n".join([*problems[:SHOWN], *([f"... and {more} more"] if more > 0 else [])]))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class LabelStudioImport:
    campaign: Campaign
    new: int
    known: int
    skipped: int  # cancelled in Label Studio


def import_label_studio(*, study: Study, path: Path, slug: str, actor: User | None = None) -> LabelStudioImport:
    """The file's annotations as judgments of the study's imported campaign ``slug``, made if there is none.

    Preferences are taken as towards response B, which the export shows the personalized response as. Repeating it adds
    nothing. Raises LabelStudioRefused, having changed nothing, where a line is no answer, names a unit that the study
    does not have, or contradicts what was imported before; or where ``slug`` is another kind of campaign.
    """
    answers = read_answers(path)
    _refuse(path, answers.problems)
    if not answers.rows:
        raise LabelStudioRefused([f"{path}: holds no annotation; export the annotated tasks as JSON"])
    with transaction.atomic():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        campaign = _campaign(study, slug, InstrumentName(answers.instrument))
        units = _Units(study, campaign, answers.rows)
        _refuse(path, units.problems)
        raters = _raters(campaign, answers.rows)
        new, contradictions = _write(campaign, units, raters, answers.rows)
        _refuse(path, contradictions)
        if new:
            detail: Detail = {"file": path.name, "judgments": new}
            record_event(
                study=study, actor=actor, verb="import_label_studio", subject=f"campaign:{slug}", detail=detail
            )
    return LabelStudioImport(campaign, new, len(answers.rows) - new, answers.skipped)


def _refuse(path: Path, problems: Iterable[Problem]) -> None:
    said = [f"{path}:{problem}" for problem in sorted(problems)]
    if said:
        raise LabelStudioRefused(said)


def _campaign(study: Study, slug: str, instrument: InstrumentName) -> Campaign:
    try:
        validate_slug(slug)
        Campaign._meta.get_field("slug").run_validators(slug)
    except ValidationError:
        raise LabelStudioRefused([f"--campaign: {slug!r} is no slug; use letters, digits, - and _"]) from None
    campaign, _ = Campaign.objects.get_or_create(
        study=study,
        slug=slug,
        defaults={
            "guideline": ensure_guideline(study=study, instrument=instrument, text=GUIDELINE),
            "title": f"{slug.replace('-', ' ').capitalize()} (imported)",
            "instrument": instrument,
            "origin": Origin.IMPORTED,
            "state": CampaignState.CLOSED,
            "k": K_UNKNOWN,
            "parameters": {"source": PREFIX},
        },
    )
    if campaign.origin != Origin.IMPORTED or campaign.instrument != instrument:
        what = f"{slug!r} is a campaign of {campaign.instrument} with {campaign.origin} raters"
        raise LabelStudioRefused([f"--campaign: {what}, the file holds {instrument}; name another campaign"])
    return campaign


class _Units:
    """What the file's units are about; ``problems`` names those that the study does not have."""

    def __init__(self, study: Study, campaign: Campaign, rows: list[Answer]) -> None:
        self._campaign = campaign
        keys = {row.unit for row in rows}
        ids = {part for key in keys for part in key.split(":")[1:]}
        known = Attribute.objects.filter(person__corpus__study=study, public_id__in=ids).select_related("person")
        self._attributes = {row.public_id: row for row in known}
        self._prompts = {row.public_id: row for row in Prompt.objects.filter(study=study, public_id__in=ids)}
        pairs = ResponsePair.objects.filter(prompt__study=study, public_id__in=ids)
        self._pairs = {row.public_id: row for row in pairs}
        self.questions = {row.unit_key: row for row in Question.objects.filter(campaign=campaign, unit_key__in=keys)}
        self.problems = [
            Problem(row.line, "data.unit", f"the study has no unit {row.unit!r}", "import into the study it is from")
            for row in {row.unit: row for row in reversed(rows)}.values()
            if not self._has(row.unit)
        ]

    def _has(self, key: str) -> bool:
        attribute, other = _parts(key)
        others = {
            InstrumentName.RELEVANCE: set(self._prompts),
            InstrumentName.PREFERENCE: set(self._pairs),
        }.get(InstrumentName(self._campaign.instrument))
        return attribute in self._attributes and (other is None if others is None else other in others)

    def ask(self, keys: Iterable[str]) -> None:
        """A page with the one question for each unit that has none yet."""
        place = (self._campaign.items.aggregate(last=Max("position"))["last"] or 0) + 1
        for position, key in enumerate((key for key in keys if key not in self.questions), start=place):
            attribute, other = _parts(key)
            about = self._attributes[attribute]
            prompt, pair = self._prompts.get(other or ""), self._pairs.get(other or "")
            item = Item.objects.create(
                campaign=self._campaign, position=position, sort_key=position, prompt=prompt, pair=pair
            )
            ItemPerson.objects.create(item=item, person=about.person)
            self.questions[key] = Question.objects.create(
                item=item,
                campaign=self._campaign,
                position=0,
                instrument=self._campaign.instrument,
                attribute=about,
                prompt=prompt,
                pair=pair,
                unit_key=key,
                text=about.text or "",
            )


def _parts(key: str) -> tuple[str, str | None]:
    _, attribute, *other = key.split(":")
    return attribute, ":".join(other) if other else None


def _raters(campaign: Campaign, rows: list[Answer]) -> dict[str, Rater]:
    """The raters named, who joined with their first answer."""
    first: dict[str, Answer] = {}
    for row in sorted(rows, key=lambda row: row.submitted_at):
        first.setdefault(row.rater, row)
    raters = {}
    for name, row in first.items():
        rater = raters[name] = import_rater(campaign=campaign, source_id=f"{PREFIX} {name}")
        Rater.objects.filter(pk=rater.pk, joined_at__gt=row.submitted_at).update(joined_at=row.submitted_at)
    return raters


def _write(
    campaign: Campaign, units: _Units, raters: dict[str, Rater], rows: list[Answer]
) -> tuple[int, list[Problem]]:
    """How many answers are new, and which contradict what stands."""
    standing = {
        (unit, rater): value
        for unit, rater, value in Judgment.objects.filter(rater__in=raters.values()).values_list(
            "question__unit_key", "rater", "value"
        )
    }
    problems, new = [], []
    for row in rows:
        key = (row.unit, raters[row.rater].pk)
        if key not in standing:
            new.append(row)
        elif standing[key] != row.value:
            what = f"{row.rater!r} said {standing[key]!r} of {row.unit} before, now {row.value!r}"
            problems.append(Problem(row.line, "annotations", what, "import the changed answers into another campaign"))
    if not problems:
        units.ask(dict.fromkeys(row.unit for row in new))
        for row in new:
            _write_answer(campaign, units.questions[row.unit], raters[row.rater], row)
    return len(new), problems


def _write_answer(campaign: Campaign, question: Question, rater: Rater, row: Answer) -> None:
    preference = campaign.instrument == InstrumentName.PREFERENCE
    assignment = Assignment.objects.create(
        campaign=campaign,
        item_id=question.item_id,
        rater=rater,
        side=Side.RIGHT if preference else "",  # response B is the personalized one, so 5 is towards it
        state=AssignmentState.SUBMITTED,
        order=[question.position],
        seconds=row.seconds,
        submitted_at=row.submitted_at,
        ended_at=row.submitted_at,
    )
    judgment = Judgment.objects.create(
        question=question,
        rater=rater,
        assignment=assignment,
        instrument=question.instrument,
        value=row.value,
        reason=row.reason,
        made_at=row.submitted_at,
    )
    Revision.objects.create(judgment=judgment, number=1, value=row.value, reason=row.reason, made_at=row.submitted_at)
