"""What the rebuild's release says about itself; without it no release is final."""

from __future__ import annotations

import tomllib
from pathlib import Path

from annotation.domain.describing import Author, Described, describe_dataset, described_of
from studies.models import Study

TEXTS = Path(__file__).with_name("description.toml")


def ensure_description(study: Study) -> None:
    """The description of TEXTS, unless the study says the same already."""
    words = tomllib.loads(TEXTS.read_text(encoding="utf-8"))
    described = Described(
        title=study.title,
        licence=words["licence"],
        authors=tuple(Author(**author) for author in words["authors"]),
        contact=words["contact"],
        languages=tuple(words["languages"]),
        answers=words["answers"],
    )
    if described_of(study) != described:
        describe_dataset(study=study, actor=None, described=described)
