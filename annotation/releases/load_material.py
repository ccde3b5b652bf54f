"""The machines' side of a release, back into rows."""

from __future__ import annotations

import hashlib
import json
from collections import Counter

from annotation.releases.loading import Loading, create, ids_of, time_of, time_or_none
from annotation.releases.tables.rows import Row
from pipeline.domain.tallies import tally_corpora
from pipeline.models import (
    Attribute,
    AttributeOrigin,
    Conversation,
    Corpus,
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

_CORPUS = {
    "corpus_title": "title",
    "corpus_kind": "kind",
    "corpus_format": "source_format",
    "licence": "licence",
    "provenance": "provenance",
}
_RUN = (
    "stage",
    "backend",
    "model_revision",
    "template_sha256",
    "code_version",
    "state",
    "n_units",
    "n_done",
    "n_failed",
)


def load_runs(loading: Loading) -> None:
    for rows in loading.new_chunks("runs", Run):
        made = (
            Run(
                study=loading.study,
                public_id=row["run"],
                model_name=row["model"],
                parameters=json.loads(row["parameters"]),
                outcome=json.loads(row["outcome"]),
                started_at=time_or_none(row["started_at"]),
                finished_at=time_or_none(row["finished_at"]),
                **{name: row[name] for name in _RUN},
            )
            for row in rows
        )
        create(made, times={"created_at": [time_of(row["created_at"]) for row in rows]})


def load_run_inputs(loading: Loading) -> None:
    for rows in loading.chunks("runs"):
        runs = ids_of(Run, (run for row in rows for run in [row["run"], *row["inputs"]]))
        create(RunInput(run_id=runs[row["run"]], source_id=runs[source]) for row in rows for source in row["inputs"])


def load_people(loading: Loading) -> None:
    corpora: dict[str, Corpus] = {}
    for rows in loading.new_chunks("people", Person):
        for row in rows:
            if row["corpus"] not in corpora:
                fields = {field: row[column] for column, field in _CORPUS.items()}
                corpora[row["corpus"]] = Corpus.objects.create(study=loading.study, slug=row["corpus"], **fields)
        create(Person(corpus=corpora[row["corpus"]], public_id=row["person"], source_id=row["person"]) for row in rows)


def load_sampled_people(loading: Loading) -> None:
    """Who was drawn, in the order of the table: the order of the draw is not released."""
    places: Counter[str] = Counter()
    for rows in loading.chunks("people"):
        people = ids_of(Person, (row["person"] for row in rows))
        runs = ids_of(Run, (run for row in rows for run in row["selected_by"]))
        drawn = []
        for row in rows:
            for run in row["selected_by"]:
                drawn.append(SampledPerson(run_id=runs[run], person_id=people[row["person"]], position=places[run]))
                places[run] += 1
        create(drawn)


def load_conversations(loading: Loading) -> None:
    for rows in loading.new_chunks("conversations", Conversation):
        people = ids_of(Person, (row["person"] for row in rows))
        runs = ids_of(Run, (row["run"] for row in rows))
        create(
            Conversation(
                person_id=people[row["person"]],
                run_id=runs[row["run"]],
                public_id=row["conversation"],
                source_id=row["conversation"],
                position=row["position"],
                turns=row["turns"],
                n_turns=len(row["turns"]),
                language=row["language"],
                model_name=row["model"],
                started_at=time_or_none(row["started_at"]),
                toxic=row["toxic"],
                redacted=row["redacted"],
                sha256=_turns_sha256(row),
            )
            for row in rows
        )


def tally_conversations(loading: Loading) -> None:
    tally_corpora(study=loading.study)


def _turns_sha256(row: Row) -> str:
    """As pipeline.domain.importing_conversations has it."""
    return hashlib.sha256(json.dumps(row["turns"], ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def load_attributes(loading: Loading) -> None:
    for rows in loading.new_chunks("attributes", Attribute):
        people = ids_of(Person, (row["person"] for row in rows))
        runs = ids_of(Run, (row["run"] for row in rows))
        create(
            Attribute(
                run_id=runs[row["run"]],
                person_id=people[row["person"]],
                public_id=row["attribute"],
                **{name: row[name] for name in ("position", "text", "reason", "confidence")},
            )
            for row in rows
        )


def load_origins_and_evidence(loading: Loading) -> None:
    """When every attribute is there, what each was made from and the turns that support it."""
    for rows in loading.chunks("attributes"):
        own = ids_of(Attribute, (row["attribute"] for row in rows))
        sources = ids_of(Attribute, (source for row in rows for source in row["made_from"]))
        chats = ids_of(Conversation, (place["conversation"] for row in rows for place in row["evidence"]))
        create(
            AttributeOrigin(attribute_id=own[row["attribute"]], source_id=sources[source], position=position)
            for row in rows
            for position, source in enumerate(row["made_from"])
        )
        create(
            Evidence(
                attribute_id=own[row["attribute"]],
                conversation_id=chats[place["conversation"]],
                **{name: place[name] for name in ("turn", "start", "end")},
            )
            for row in rows
            for place in row["evidence"]
        )


def load_prompts(loading: Loading) -> None:
    for rows in loading.new_chunks("prompts", Prompt):
        prompts = create(
            Prompt(
                study=loading.study,
                public_id=row["prompt"],
                source=row["source"],
                source_id=row["prompt"],
                text=row["text"],
            )
            for row in rows
        )
        people = ids_of(Person, (person for row in rows for person in row["people"]))
        create(
            PersonPrompt(person_id=people[person], prompt=prompt)
            for prompt, row in zip(prompts, rows, strict=True)
            for person in row["people"]
        )


def load_responses(loading: Loading) -> None:
    for rows in loading.new_chunks("responses", Response):
        runs = ids_of(Run, (row["run"] for row in rows))
        prompts = ids_of(Prompt, (row["prompt"] for row in rows))
        people = ids_of(Person, (row["person"] for row in rows))
        attributes = ids_of(Attribute, (attribute for row in rows for attribute in row["given"]))
        responses = create(
            Response(
                run_id=runs[row["run"]],
                prompt_id=prompts[row["prompt"]],
                person_id=people.get(row["person"]),
                public_id=row["response"],
                **{name: row[name] for name in ("generator", "condition", "position", "text")},
            )
            for row in rows
        )
        create(
            GivenAttribute(response=response, attribute_id=attributes[attribute], position=position)
            for response, row in zip(responses, rows, strict=True)
            for position, attribute in enumerate(row["given"])
        )


def load_pairs(loading: Loading) -> None:
    for rows in loading.new_chunks("response_pairs", ResponsePair):
        people = ids_of(Person, (row["person"] for row in rows))
        prompts = ids_of(Prompt, (row["prompt"] for row in rows))
        responses = ids_of(Response, (row[side] for row in rows for side in ("generic", "personalized")))
        create(
            ResponsePair(
                person_id=people[row["person"]],
                prompt_id=prompts[row["prompt"]],
                generic_id=responses[row["generic"]],
                personalized_id=responses[row["personalized"]],
                public_id=row["pair"],
                generator=row["generator"],
            )
            for row in rows
        )
