"""What came in and what machines made of it."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import F

from annotation.releases.tables.covering import covered_statement, covered_text, covered_turns, masks_by, placed
from annotation.releases.tables.rows import Children, Row, binary, canonical_json, named, stream
from annotation.releases.tables.scope import Scope
from pipeline.models import (
    Attribute,
    AttributeOrigin,
    Conversation,
    Evidence,
    GivenAttribute,
    Person,
    PersonPrompt,
    Prompt,
    Response,
    ResponsePair,
    Run,
    RunInput,
    SampledPerson,
)


def people(scope: Scope) -> Iterator[Row]:
    rows = Person.objects.filter(scope.people()).order_by(binary("public_id"))
    corpus = (f"corpus__{name}" for name in ("slug", "title", "kind", "source_format", "licence", "provenance"))
    drawn = SampledPerson.objects.filter(scope.people("person"))
    drawn = drawn.order_by(binary("person__public_id"), binary("run__public_id"))
    selected_by = Children(stream(drawn, "person__public_id", "run__public_id"))
    for values in stream(rows, "public_id", *corpus):
        yield named("people", [*values, selected_by.firsts_of(values[0])])
    selected_by.end()


def conversations(scope: Scope) -> Iterator[Row]:
    rows = Conversation.objects.filter(scope.people("person")).order_by(binary("public_id"))
    front = ("person__public_id", "run__public_id", "position", "language", "model_name", "started_at")
    masks = masks_by(scope, "conversation", scope.people("conversation__person"))
    for *values, turns in stream(rows, "public_id", *front, "toxic", "redacted", "turns"):
        yield named("conversations", [*values, covered_turns(scope, turns, masks.of(values[0]))])
    masks.end()


def attributes(scope: Scope) -> Iterator[Row]:
    """Places of evidence stand in the order of conversation, turn and offset; offsets are those of what is shown."""
    rows = Attribute.objects.filter(scope.people("person")).order_by(binary("public_id"))
    origins = AttributeOrigin.objects.filter(scope.people("attribute__person"))
    origins = origins.order_by(binary("attribute__public_id"), "position", binary("source__public_id"))
    places = Evidence.objects.filter(scope.people("attribute__person")).order_by(
        binary("attribute__public_id"),
        binary("conversation__public_id"),
        "turn",
        F("start").asc(nulls_first=True),
    )
    made_from = Children(stream(origins, "attribute__public_id", "source__public_id"))
    names = ("conversation", "turn", "start", "end")
    evidence = Children(stream(places, "attribute__public_id", "conversation__public_id", "turn", "start", "end"))
    fields = ("person__public_id", "run__public_id", "position", "text", "reason", "confidence")
    masks = masks_by(scope, "attribute", scope.people("attribute__person"))
    supported = (
        (
            covered_statement(scope, values, masks.of(values[0])),
            [dict(zip(names, place, strict=True)) for place in evidence.of(values[0])],
        )
        for values in stream(rows, "public_id", *fields)
    )
    for values, shown in placed(scope, supported):
        yield named("attributes", [*values, made_from.firsts_of(values[0]), shown])
    for children in (made_from, evidence, masks):
        children.end()


def prompts(scope: Scope) -> Iterator[Row]:
    rows = Prompt.objects.filter(scope.prompts()).order_by(binary("public_id"))
    put_to = PersonPrompt.objects.filter(scope.prompts("prompt"))
    put_to = put_to.order_by(binary("prompt__public_id"), binary("person__public_id"))
    people_of = Children(stream(put_to, "prompt__public_id", "person__public_id"))
    masks = masks_by(scope, "prompt", scope.prompts("prompt"))
    for *values, text in stream(rows, "public_id", "source", "text"):
        shown = covered_text(scope, text, masks.of(values[0]))
        yield named("prompts", [*values, shown, people_of.firsts_of(values[0])])
    people_of.end()
    masks.end()


def responses(scope: Scope) -> Iterator[Row]:
    rows = Response.objects.filter(scope.responses()).order_by(binary("public_id"))
    given_rows = GivenAttribute.objects.filter(scope.responses("response"))
    given_rows = given_rows.order_by(binary("response__public_id"), "position", binary("attribute__public_id"))
    given = Children(stream(given_rows, "response__public_id", "attribute__public_id"))
    fields = ("run__public_id", "prompt__public_id", "person__public_id", "generator", "condition", "position", "text")
    masks = masks_by(scope, "response", scope.responses("response"))
    for *values, text in stream(rows, "public_id", *fields):
        shown = covered_text(scope, text, masks.of(values[0]))
        yield named("responses", [*values, shown, given.firsts_of(values[0])])
    given.end()
    masks.end()


def response_pairs(scope: Scope) -> Iterator[Row]:
    rows = ResponsePair.objects.filter(scope.pairs()).order_by(binary("public_id"))
    fields = ("person__public_id", "prompt__public_id", "generator", "generic__public_id", "personalized__public_id")
    for values in stream(rows, "public_id", *fields):
        yield named("response_pairs", values)


def runs(scope: Scope) -> Iterator[Row]:
    rows = Run.objects.filter(study=scope.study).order_by(binary("public_id"))
    read = RunInput.objects.filter(run__study=scope.study).order_by(
        binary("run__public_id"), binary("source__public_id")
    )
    inputs = Children(stream(read, "run__public_id", "source__public_id"))
    before = ("stage", "backend", "model_name", "model_revision")
    middle = ("template_sha256", "code_version", "state", "n_units", "n_done", "n_failed")
    for public_id, *values in stream(
        rows, "public_id", *before, "parameters", "outcome", *middle, "created_at", "started_at", "finished_at"
    ):
        values[4:6] = [canonical_json(value) for value in values[4:6]]
        *described, created_at, started_at, finished_at = values
        read_from = inputs.firsts_of(public_id)
        yield named("runs", [public_id, *described, read_from, created_at, started_at, finished_at])
    inputs.end()
