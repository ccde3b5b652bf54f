"""A dataset description as TOML, or as manifest.json has it: the same fields as the page's."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from annotation.domain.describing import Author, Described

TEXTS = ("title", "licence", "contact", "doi")
AUTHOR = ("name", "affiliation", "orcid")
REMEDY = "docs/releases.md shows a file"


class DescriptionFileInvalid(Exception):
    """The file is not TOML, or its fields are not of the kind that they must be. Names file, line or field, value."""


def read_description(path: Path) -> Described:
    """What the file says. Whether it makes sense is for describe_dataset to say. Raises DescriptionFileInvalid."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DescriptionFileInvalid(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DescriptionFileInvalid(f"{path}: not TOML ({error}); {REMEDY}") from error
    return described_by(raw, str(path))


def described_by(raw: Any, where: str) -> Described:
    """The same of what was read already; ``where`` is named in problems."""
    if not isinstance(raw, dict):
        raise DescriptionFileInvalid(f"{where}: {raw!r} is not a table of fields; {REMEDY}")
    problems = [
        *_kinds(raw, {**dict.fromkeys(TEXTS, str), "languages": list, "authors": list, "answers": dict}),
        *(f"languages: {value!r} is no text" for value in _listed(raw, "languages") if not isinstance(value, str)),
        *(problem for author in _listed(raw, "authors") for problem in _author_problems(author)),
        *(f"answers.{key}: {value!r} is no text" for key, value in _answers(raw).items() if not isinstance(value, str)),
    ]
    if problems:
        raise DescriptionFileInvalid("\n".join(f"{where}: {problem}; {REMEDY}" for problem in problems))
    return Described(
        **{name: raw.get(name, "") for name in TEXTS},
        languages=tuple(raw.get("languages", ())),
        authors=tuple(Author(**author) for author in raw.get("authors", ())),
        answers=raw.get("answers", {}),
    )


def _kinds(raw: dict[str, Any], kinds: dict[str, type]) -> list[str]:
    names: dict[type, str] = {str: "a text", list: "a list", dict: "a table"}
    return [f"{key}: is no field; the fields are {', '.join(kinds)}" for key in raw if key not in kinds] + [
        f"{key}: {raw[key]!r} is not {names[kind]}"
        for key, kind in kinds.items()
        if key in raw and not isinstance(raw[key], kind)
    ]


def _listed(raw: dict[str, Any], key: str) -> list[Any]:
    value = raw.get(key, [])
    return value if isinstance(value, list) else []


def _answers(raw: dict[str, Any]) -> dict[str, Any]:
    value = raw.get("answers", {})
    return value if isinstance(value, dict) else {}


def _author_problems(author: Any) -> list[str]:
    if not isinstance(author, dict):
        return [f"authors: {author!r} is no table with name, affiliation and orcid"]
    unknown = [
        f"authors: {key!r} is no field of an author; they are {', '.join(AUTHOR)}"
        for key in author
        if key not in AUTHOR
    ]
    texts = [f"authors: {key}: {value!r} is no text" for key, value in author.items() if not isinstance(value, str)]
    return [*unknown, *texts, *([] if "name" in author else [f"authors: {author!r} has no name"])]
