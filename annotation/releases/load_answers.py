"""What people and models answered, back into rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from annotation.domain.quotas import local_day
from annotation.enums import AssignmentState, ItemRole, Origin
from annotation.models import Assignment, Campaign, Item, Judgment, Question, Rater, Remark, Revision, Seat
from annotation.releases.loading import Loading, by_two, create, ids_of, time_of, time_or_none
from annotation.releases.tables.rows import Row
from pipeline.enums import Side
from pipeline.models import Attribute, Finding, Label, Prompt, ResponsePair, Run, Vote

BEFORE_WORK = (ItemRole.TRAINING, ItemRole.QUALIFICATION)


def load_assignments(loading: Loading) -> None:
    for rows in loading.new_chunks("assignments", Assignment):
        campaigns = ids_of(Campaign, (row["campaign"] for row in rows))
        items = ids_of(Item, (row["item"] for row in rows))
        raters = loading.raters_of(rows)
        seats = by_two(Seat.objects.filter(item_id__in=items.values()), "item_id", "number")
        create(
            Assignment(
                campaign_id=campaigns[row["campaign"]],
                item_id=items[row["item"]],
                rater_id=raters[row["campaign"], row["rater"]],
                seat_id=None if row["seat"] is None else seats[items[row["item"]], row["seat"]],
                public_id=row["assignment"],
                **{name: row[name] for name in ("state", "side", "order", "seconds")},
                **{name: time_or_none(row[name]) for name in ("claimed_at", "submitted_at", "ended_at")},
            )
            for row in rows
        )


def load_judgments(loading: Loading) -> None:
    for rows in loading.chunks("judgments"):
        assignments = _assignments(rows)
        questions = _questions(rows, assignments.values())
        judgments = create(
            Judgment(
                question_id=questions[assignments[row["assignment"]].item_id, row["unit"]],
                rater_id=assignments[row["assignment"]].rater_id,
                assignment_id=assignments[row["assignment"]].pk,
                n_revisions=len(row["revisions"]),
                made_at=time_of(row["made_at"]),
                erased_at=time_or_none(row["erased_at"]),
                **{name: row[name] for name in ("instrument", "value", "reason")},
            )
            for row in rows
        )
        create(
            Revision(judgment=judgment, **revision | {"made_at": time_of(revision["made_at"])})
            for judgment, row in zip(judgments, rows, strict=True)
            for revision in row["revisions"]
        )


def _assignments(rows: list[Row]) -> dict[str, Assignment]:
    wanted = Assignment.objects.filter(public_id__in={row["assignment"] for row in rows})
    return {assignment.public_id: assignment for assignment in wanted.only("public_id", "item_id", "rater_id")}


def _questions(rows: list[Row], assignments: Iterable[Assignment]) -> dict[tuple[int, str], int]:
    asked = Question.objects.filter(
        item_id__in={assignment.item_id for assignment in assignments},
        unit_key__in={row["unit"] for row in rows if row["unit"] is not None},
    )
    return by_two(asked, "item_id", "unit_key")


def load_remarks(loading: Loading) -> None:
    for rows in loading.chunks("remarks"):
        assignments = _assignments(rows)
        questions = _questions(rows, assignments.values())
        create(
            Remark(
                assignment_id=assignments[row["assignment"]].pk,
                question_id=questions.get((assignments[row["assignment"]].item_id, row["unit"])),
                made_at=time_of(row["made_at"]),
                erased_at=time_or_none(row["erased_at"]),
                looked_with=loading.looked_with,
                **{name: row[name] for name in ("kind", "position", "text")},
            )
            for row in rows
        )


def _unit_fields(rows: list[Row]) -> list[dict[str, Any]]:
    """The unit columns and the run of votes and labels, row by row."""
    attributes = ids_of(Attribute, (row["attribute"] for row in rows))
    prompts = ids_of(Prompt, (row["prompt"] for row in rows))
    pairs = ids_of(ResponsePair, (row["pair"] for row in rows))
    runs = ids_of(Run, (row["run"] for row in rows))
    return [
        {
            "unit_key": row["unit"],
            "instrument": row["instrument"],
            "attribute_id": attributes[row["attribute"]],
            "prompt_id": prompts.get(row["prompt"]),
            "pair_id": pairs.get(row["pair"]),
            "run_id": runs[row["run"]],
        }
        for row in rows
    ]


def load_votes(loading: Loading) -> None:
    names = ("status", "value", "raw_score", "side", "reason")
    for rows in loading.chunks("model_votes"):
        units = zip(rows, _unit_fields(rows), strict=True)
        create(Vote(**unit, **{name: row[name] for name in names}) for row, unit in units)


def load_findings(loading: Loading) -> None:
    names = ("kind", "status", "value", "reason")
    for rows in loading.chunks("findings"):
        units = zip(rows, _unit_fields(rows), strict=True)
        create(Finding(**unit, **{name: row[name] for name in names}) for row, unit in units)


def load_labels(loading: Loading) -> None:
    names = ("campaign", "method", "value", "score", "n", "share")
    for rows in loading.chunks("labels"):
        units = zip(rows, _unit_fields(rows), strict=True)
        create(Label(**unit, **{name: row[name] for name in names}) for row, unit in units)


def recount(loading: Loading) -> None:
    """The counters that follow from the rest: open seats of items; of raters the sides and items that they were given,
    what they submitted, and on their last day."""
    seats = Seat.objects.filter(item=OuterRef("pk"))
    filled = Assignment.objects.filter(item=OuterRef("pk"), seat__isnull=False, state=AssignmentState.SUBMITTED)
    Item.objects.filter(campaign__study=loading.study).update(open_seats=_count(seats, "item") - _count(filled, "item"))
    raters = Rater.objects.filter(campaign__study=loading.study).exclude(kind=Origin.IMPORTED)
    given = Assignment.objects.filter(rater=OuterRef("pk"))
    submitted = given.filter(submitted_at__isnull=False)
    raters.update(
        n_left=_count(given.filter(side=Side.LEFT), "rater"),
        n_right=_count(given.filter(side=Side.RIGHT), "rater"),
        n_given=_count(given.filter(item__role=ItemRole.WORK), "rater"),
        n_checks=_count(given.filter(item__role__in=ItemRole.mixed_in()), "rater"),
        n_submitted=_count(submitted, "rater"),
        n_before=_count(submitted.filter(item__role__in=BEFORE_WORK), "rater"),
    )
    for campaign in Campaign.objects.filter(study=loading.study):
        of_day = submitted.annotate(day=local_day(campaign, F("submitted_at")))
        last = of_day.order_by("-submitted_at").values("day")[:1]
        raters.filter(campaign=campaign).update(day=Subquery(last))
        counted = raters.filter(campaign=campaign, day__isnull=False)
        counted.update(n_day=_count(of_day.filter(day=OuterRef("day")), "rater"))


def _count(rows: QuerySet[Any], by: str) -> Coalesce:
    counted = rows.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)
