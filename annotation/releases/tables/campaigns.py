"""What was asked, of whom."""

from __future__ import annotations

from collections.abc import Iterator

from annotation.models import Campaign, Item, ItemPerson, Question, Seat
from annotation.releases.tables.covering import covered_questions, masks_of_questions
from annotation.releases.tables.rows import Children, Row, binary, canonical_json, named, stream
from annotation.releases.tables.scope import Scope


def campaigns(scope: Scope) -> Iterator[Row]:
    rows = Campaign.objects.filter(scope.campaigns()).order_by(binary("public_id"))
    fields = ("slug", "title", "instrument", "origin", "state", "k", "questions_per_item", "lease_seconds", "seed")
    frozen = ("guideline__text", "guideline__sha256", "consent_form__sha256", "parameters", "created_at")
    for *values, parameters, created_at in stream(rows, "public_id", *fields, *frozen):
        yield named("campaigns", [*values, canonical_json(parameters), created_at])


def items(scope: Scope) -> Iterator[Row]:
    rows = Item.objects.filter(scope.campaigns("campaign")).order_by(binary("public_id"))
    of_item = scope.campaigns("item__campaign")
    by_item = binary("item__public_id")
    pooled = ItemPerson.objects.filter(of_item).order_by(by_item, binary("person__public_id"))
    asked = Question.objects.filter(of_item).order_by(by_item, "position")
    placed = Seat.objects.filter(of_item).order_by(by_item, "number")
    people = Children(stream(pooled, "item__public_id", "person__public_id"))
    questions = Children(stream(asked, "item__public_id", "position", "unit_key", "attribute__public_id", "text"))
    seats = Children(stream(placed, "item__public_id", "number", "side"))
    fields = ("campaign__public_id", "role", "position", "sort_key", "priority", "prompt__public_id", "pair__public_id")
    masks = masks_of_questions(scope, of_item)
    for values in stream(rows, "public_id", *fields):
        yield named("items", [*values, *_parts(values[0], people, questions, masks, seats)])
    for children in (people, questions, masks, seats):
        children.end()


def _parts(item: str, people: Children, questions: Children, masks: Children, seats: Children) -> list[list[object]]:
    asked = ("position", "unit", "attribute", "text")
    return [
        people.firsts_of(item),
        [dict(zip(asked, row, strict=True)) for row in covered_questions(questions.of(item), masks.of(item))],
        [{"number": number, "side": side} for number, side in seats.of(item)],
    ]
