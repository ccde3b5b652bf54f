"""Does a server keep to a JSON schema that it is sent? Many take the field with 200 and ignore it: it is asked once.

The question does not name the schema's keys, so that only a server that honours the field can give them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from pipeline.requests import Message, ModelRequest, Sampling, sha256_of

SCHEMA, JSON_OBJECT, PROMPT = "schema", "json_object", "prompt"  # how a schema reaches a model
FORMS = (SCHEMA, JSON_OBJECT)  # in the order in which they are tried; PROMPT is what is left
QUESTION = "Name one season of the year, in a word, and say how warm it is."
PROBE_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["season_probed", "warmth_probed"],
    "properties": {
        "season_probed": {"type": "string", "pattern": "^[a-z]{1,20}$"},
        "warmth_probed": {"type": "boolean"},
    },
}
ANSWER_TOKENS = 200


@runtime_checkable
class Probed(Protocol):
    """A backend whose server may or may not honour a schema."""

    server: str
    structured_output: str


@dataclass(frozen=True)
class Probe(ModelRequest):
    """The question as it is sent in one form; its key tells servers, versions and forms apart."""

    server: str = ""  # a hash: an address may hold a password
    form: str = SCHEMA

    def as_json(self) -> dict[str, Any]:
        return super().as_json() | {"probe": {"server": self.server, "form": self.form}}


def probe_of(backend: Probed, version: str, request: ModelRequest, form: str) -> Probe:
    """What to ask in place of ``request``, of the same model."""
    return Probe(
        model=request.model,
        revision=request.revision,
        messages=(Message("user", QUESTION if form == SCHEMA else f"{QUESTION} Answer with a JSON object."),),
        sampling=replace(Sampling(), max_tokens=ANSWER_TOKENS),
        response_schema=PROBE_SCHEMA,
        server=sha256_of([backend.server, version]),
        form=form,
    )


def honours(form: str, text: str) -> bool:
    """Whether an answer to the probe shows that the form was kept to."""
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, dict) and (form == JSON_OBJECT or set(found) == set(PROBE_SCHEMA["properties"]))
