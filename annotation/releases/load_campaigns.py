"""Consent forms, campaigns and items of a release, back into rows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from annotation.models import Campaign, ConsentForm, Guideline, Item, ItemPerson, Question, Seat
from annotation.releases.loading import Loading, create, ids_of, time_of
from annotation.releases.tables.rows import Row
from pipeline.enums import InstrumentName
from pipeline.models import Attribute, Person, Prompt, ResponsePair

_CAMPAIGN = ("slug", "title", "instrument", "origin", "state", "k", "questions_per_item", "lease_seconds", "seed")
_CONSENT_FORM = ("version", "minutes", "pay", "contact", "warning", "information", "statement")


def load_consent_forms(loading: Loading) -> None:
    for rows in loading.chunks("consent_forms"):
        made = (
            ConsentForm(study=loading.study, sha256=row["consent_form"], **{name: row[name] for name in _CONSENT_FORM})
            for row in rows
        )
        create(made, times={"created_at": [time_of(row["created_at"]) for row in rows]})


def load_campaigns(loading: Loading) -> None:
    forms: dict[str | None, int] = dict(loading.study.consent_forms.values_list("sha256", "pk"))
    for rows in loading.new_chunks("campaigns", Campaign):
        made = (
            Campaign(
                study=loading.study,
                guideline=_guideline(loading, row),
                consent_form_id=forms.get(row["consent_form"]),
                public_id=row["campaign"],
                parameters=json.loads(row["parameters"]),
                **{name: row[name] for name in _CAMPAIGN},
            )
            for row in rows
        )
        create(made, times={"created_at": [time_of(row["created_at"]) for row in rows]})


def _guideline(loading: Loading, row: Row) -> Guideline:
    guideline, _ = Guideline.objects.get_or_create(
        study=loading.study,
        instrument=row["instrument"],
        sha256=row["guideline_sha256"],
        defaults={"text": row["guideline"]},
    )
    return guideline


def load_items(loading: Loading) -> None:
    for rows in loading.new_chunks("items", Item):
        campaigns = {
            campaign.public_id: campaign
            for campaign in Campaign.objects.filter(public_id__in={row["campaign"] for row in rows})
        }
        prompts = ids_of(Prompt, (row["prompt"] for row in rows))
        pairs = ids_of(ResponsePair, (row["pair"] for row in rows))
        people = ids_of(Person, (person for row in rows for person in row["people"]))
        items = create(
            Item(
                campaign=campaigns[row["campaign"]],
                public_id=row["item"],
                prompt_id=prompts.get(row["prompt"]),
                pair_id=pairs.get(row["pair"]),
                **{name: row[name] for name in ("role", "position", "sort_key", "priority")},
            )
            for row in rows
        )
        joined = list(zip(items, rows, strict=True))
        create(ItemPerson(item=item, person_id=people[person]) for item, row in joined for person in row["people"])
        create(Seat(item=item, **seat) for item, row in joined for seat in row["seats"])
        create(_questions(joined))


def _questions(items: Iterable[tuple[Item, Row]]) -> Iterator[Question]:
    """The prompt or pair of a question is the second name in its unit's key."""
    asked = [(item, question, question["unit"].split(":")) for item, row in items for question in row["questions"]]
    attributes = ids_of(Attribute, (question["attribute"] for _, question, _ in asked))
    others = [parts[2] for _, _, parts in asked if len(parts) > 2]
    prompts, pairs = ids_of(Prompt, others), ids_of(ResponsePair, others)
    for item, question, parts in asked:
        instrument = item.campaign.instrument
        yield Question(
            item=item,
            campaign=item.campaign,
            role=item.role,
            position=question["position"],
            text=question["text"],
            instrument=instrument,
            attribute_id=attributes[question["attribute"]],
            prompt_id=prompts[parts[2]] if instrument == InstrumentName.RELEVANCE else None,
            pair_id=pairs[parts[2]] if instrument == InstrumentName.PREFERENCE else None,
            unit_key=question["unit"],
        )
