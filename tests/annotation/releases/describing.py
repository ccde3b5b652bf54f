"""A description without a blank."""

from __future__ import annotations

from annotation.domain.datasheet import ASKED
from annotation.domain.describing import Author, Described, describe_dataset
from studies.models import Study, User

COMPLETE = Described(
    title="Figs: what people say",
    licence="CC-BY-4.0",
    authors=(Author("Lovelace, Ada", "Analytical Society", "0000-0002-1825-0097"), Author("The Fig Group")),
    contact="Ada Lovelace <ada@example.org>",
    languages=("en", "pt-BR"),
    doi="10.5281/zenodo.1234567",
    answers={key: f"Answer to {key}." for key in ASKED},
)


def describe(study: Study, actor: User | None = None) -> None:
    describe_dataset(study=study, actor=actor, described=COMPLETE)
