"""What a study says about its data and no table can: licence, authors, the researcher's part of the datasheet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from django.db import transaction

from annotation.domain.datasheet import ASKED
from annotation.domain.errors import AnnotationError
from annotation.models import DatasetDescription
from studies.domain.audit import Detail, record_event
from studies.models import Study, User

# SPDX identifiers that data are given under, with what the list on the page says.
LICENCES = {
    "CC-BY-4.0": "Creative Commons Attribution 4.0",
    "CC-BY-SA-4.0": "Creative Commons Attribution-ShareAlike 4.0",
    "CC-BY-NC-4.0": "Creative Commons Attribution-NonCommercial 4.0",
    "CC-BY-NC-SA-4.0": "Creative Commons Attribution-NonCommercial-ShareAlike 4.0",
    "CC0-1.0": "Creative Commons Zero 1.0",
    "ODC-By-1.0": "Open Data Commons Attribution 1.0",
    "ODbL-1.0": "Open Data Commons Open Database 1.0",
    "PDDL-1.0": "Open Data Commons Public Domain Dedication 1.0",
    "CDLA-Permissive-2.0": "Community Data License Agreement Permissive 2.0",
    "Apache-2.0": "Apache 2.0",
    "MIT": "MIT",
}
OWN_LICENCE = re.compile(r"LicenseRef-[A-Za-z0-9.-]{1,50}")  # SPDX's form for a licence that is not on its list
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
DOI = re.compile(r"10\.\d{4,9}/\S+")
ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")
LONGEST = {"title": 200, "contact": 200, "doi": 200}
LONGEST_ANSWER = 20_000


@dataclass(frozen=True)
class Author:
    """``name`` as "Family, Given"; without a comma it is a group's."""

    name: str
    affiliation: str = ""
    orcid: str = ""


@dataclass(frozen=True)
class Described:
    """The description as papers read it. ``title`` is never empty when it comes from described_of."""

    title: str = ""
    licence: str = ""
    authors: tuple[Author, ...] = ()
    contact: str = ""
    languages: tuple[str, ...] = ()
    doi: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The same for a manifest, answers in the order of the datasheet."""
        return asdict(self) | {"answers": {key: self.answers[key] for key in ASKED if key in self.answers}}


@dataclass(frozen=True)
class Blank:
    """What a final release still needs: the field (``answers.<key>`` for the datasheet's) and what belongs there."""

    field: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.field}: {self.wanted}"


class DescriptionInvalid(AnnotationError):
    """Nothing was changed. ``problems`` holds (field, sentence)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__("\n".join(f"{name}: {sentence}" for name, sentence in problems))
        self.problems = problems


def described_of(study: Study) -> Described:
    """The study's description; its title where the description has none."""
    row = DatasetDescription.objects.filter(study=study).first()
    if row is None:
        return Described(title=study.title)
    return Described(
        title=row.title or study.title,
        licence=row.licence,
        authors=tuple(Author(**author) for author in row.authors),
        contact=row.contact,
        languages=tuple(row.languages),
        doi=row.doi,
        answers=dict(row.answers),
    )


def blanks_of(described: Described) -> list[Blank]:
    """What stands between this description and a final release, in the order of the page. Only a DOI may stay away."""
    wanted = (
        ("licence", described.licence, "an SPDX identifier, such as CC-BY-4.0"),
        ("authors", described.authors, "who is to be cited"),
        ("contact", described.contact, "a name and an address that is read"),
        ("languages", described.languages, "of the texts, such as en"),
    )
    blanks = [Blank(name, what) for name, value, what in wanted if not value]
    missing = [question for key, question in ASKED.items() if not described.answers.get(key, "").strip()]
    return [*blanks, *(Blank(f"answers.{question.key}", question.text) for question in missing)]


@transaction.atomic
def describe_dataset(*, study: Study, actor: User | None, described: Described) -> DatasetDescription:
    """Puts the description in place of what stood; blanks may stay. Drafts and final releases that exist keep theirs.

    Raises DescriptionInvalid, naming every field that is wrong, and changes nothing.
    """
    problems = list(_problems(described))
    if problems:
        raise DescriptionInvalid(problems)
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    before = described_of(study)
    row, _ = DatasetDescription.objects.update_or_create(study=study, defaults=_stored(described, actor))
    after = described_of(study)
    changed = [part.name for part in fields(Described) if getattr(before, part.name) != getattr(after, part.name)]
    if changed:
        subject = f"study:{study.slug}"
        detail: Detail = {"changed": ", ".join(changed), "blanks": len(blanks_of(after))}
        record_event(study=study, actor=actor, verb="describe_dataset", subject=subject, detail=detail)
    return row


def _stored(described: Described, actor: User | None) -> dict[str, Any]:
    return {
        "title": described.title.strip(),
        "licence": described.licence,
        "authors": [
            {"name": one.name, "affiliation": one.affiliation, "orcid": one.orcid} for one in described.authors
        ],
        "contact": described.contact.strip(),
        "languages": list(described.languages),
        "doi": described.doi,
        "answers": {key: text.strip() for key, text in described.answers.items() if text.strip()},
        "updated_by": actor,
    }


def _problems(described: Described) -> Iterator[tuple[str, str]]:
    for name, most in LONGEST.items():
        if len(getattr(described, name)) > most:
            yield name, f"is longer than {most} characters; shorten it"
    licence = described.licence
    if licence and licence not in LICENCES and not OWN_LICENCE.fullmatch(licence):
        yield "licence", f"{licence!r} is not known; one of {', '.join(LICENCES)}, or LicenseRef-... for another"
    for author in described.authors:
        yield from _author_problems(author)
    for language in described.languages:
        if not LANGUAGE.fullmatch(language):
            yield "languages", f"{language!r} is no language tag; write such as en, de or pt-BR"
    if described.doi and not DOI.fullmatch(described.doi):
        yield "doi", f"{described.doi!r} is no DOI; it begins with 10., without https://doi.org/"
    for key, text in described.answers.items():
        if key not in ASKED:
            yield f"answers.{key}", "is no question of the datasheet that is asked; they are " + ", ".join(ASKED)
        elif len(text) > LONGEST_ANSWER:
            yield f"answers.{key}", f"is longer than {LONGEST_ANSWER} characters; shorten it"


def _author_problems(author: Author) -> Iterator[tuple[str, str]]:
    if not author.name.strip():
        yield "authors", "an author has no name; write Family, Given"
    if author.orcid and not is_orcid(author.orcid):
        yield (
            "authors",
            f"{author.orcid!r} of {author.name} is no ORCID; copy it from orcid.org, such as 0000-0002-1825-0097",
        )


def is_orcid(text: str) -> bool:
    """Of the form 0000-0002-1825-0097 and with the right last digit (ISO 7064, modulus 11-2)."""
    if not ORCID.fullmatch(text):
        return False
    digits, total = text.replace("-", ""), 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return digits[-1] == ("X" if check == 10 else str(check))
