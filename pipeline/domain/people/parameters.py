"""What a selection of people, and the prompts put to them, can be told. The defaults are the study's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.domain.errors import RunError

P = TypeVar("P", bound=BaseModel)


class PeopleParameters(BaseModel):
    """Which people may be drawn, and how many are.

    The study says "at least 15 turns" and not what a turn is. Here, as in every conversation of the platform, a turn is
    one message, of the person or of the assistant; ``turns_counted="rounds"`` takes the other reading, in which only
    the person's own messages count.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    n_people: int = Field(ge=1)
    seed: str = ""
    language: str = "English"  # as name or code; "": any
    min_conversations: int = Field(default=3, ge=1)
    min_turns: int = Field(default=15, ge=0)
    turns_counted: Literal["messages", "rounds"] = "messages"
    similarity: float = Field(default=0.7, gt=0, le=1)  # Jaccard, from which two openings count as near duplicates
    template_people: int = Field(default=5, ge=2)  # an opening that so many people share is a template
    scripted_share: float = Field(default=0.5, ge=0, le=1)  # above it, a person's openings are alike: scripted
    openings_embedded: int = Field(default=20, ge=1)  # of each person, the first so many conversations


class MatchParameters(BaseModel):
    """Which prompts are put to people, how many a person gets, and to how many people a prompt is put."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    source: str = ""  # Prompt.source; "" where the study has only one
    prompts_per_person_min: int = Field(default=2, ge=1)
    prompts_per_person_max: int = Field(default=5, ge=1)
    people_per_prompt_min: int = Field(default=2, ge=1)
    people_per_prompt_max: int = Field(default=4, ge=1)
    n_prompts: int | None = Field(default=None, ge=1)  # None: about as many as the middles of both ranges ask for
    seed: str = ""


def read_parameters(model: type[P], given: Mapping[str, Any]) -> P:
    """``given`` as parameters. Raises RunError: the name, the value and what is allowed."""
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        allowed = ", ".join(model.model_fields)
        raise RunError(f"parameter {name}={first['input']!r}: {first['msg']}. There are: {allowed}") from error
