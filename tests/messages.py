"""`scripts/messages`: brings locale/ up to what the code and the templates say, by babel alone.

Django's own makemessages needs programs of GNU gettext; this finds the same strings without them. New strings come out
with no translation, which tests/test_messages.py then names; what nobody says any more is left out. How to add a
language: docs/accessibility.md.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOMS = ("studies", "annotation")  # whose Python says something to raters
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
HEADER = "# What raters read, in {name}. Written by scripts/messages; the translations are by hand."
WRITTEN = datetime(2026, 11, 23, tzinfo=UTC)  # when the first was; git knows the rest


def sources() -> Iterator[tuple[str, str]]:
    """(path from the root, Python source) of all that may hold words to translate; templates as Django reads them."""
    root = settings.BASE_DIR
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(root)), path.read_text()
    for path in sorted((root / "templates").rglob("*.html")):
        code = templatize(path.read_text())
        # Python's tokenizer minds the margins that a template has for its own reasons.
        yield str(path.relative_to(root)), "\n".join(line.strip() for line in code.splitlines())


def said() -> Catalog:
    """Everything that is marked for translation, and where."""
    catalog = Catalog(charset="utf-8")
    for path, source in sources():
        found = extract("python", io.BytesIO(source.encode()), KEYWORDS, ("Translators:",))
        for _, words, comments, context in found:
            catalog.add(words, locations=[(path, 0)], auto_comments=comments, context=context)
    return catalog


def catalogue_file(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES" / "django.po"


def languages() -> dict[str, str]:
    """The languages that need a catalogue: all but the one that the code is written in."""
    return {code: name for code, name in settings.LANGUAGES if code != settings.LANGUAGE_CODE}


def translated(language: str) -> Catalog:
    with catalogue_file(language).open("rb") as file:
        return read_po(file, locale=language)


def compiled(language: str) -> Catalog:
    with catalogue_file(language).with_suffix(".mo").open("rb") as file:
        return read_mo(file)


def update(language: str, name: str) -> list[str]:
    """Writes the catalogue anew, as text and compiled. Returns what has no translation yet."""
    path = catalogue_file(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalog = translated(language) if path.exists() else Catalog(locale=language)
    catalog.update(said(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.header_comment, catalog.fuzzy = HEADER.format(name=name), False
    catalog.project, catalog.version, catalog.msgid_bugs_address = "Fitting Room", "-", "-"
    catalog.last_translator = catalog.language_team = "-"
    catalog.creation_date = catalog.revision_date = WRITTEN
    with path.open("wb") as file:
        write_po(file, catalog, width=120, sort_output=True, include_lineno=False, omit_header=False)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)
    return [str(message.id) for message in catalog if message.id and not all(strings_of(message.string))]


def strings_of(string: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """A translation, or its plural forms; one empty string where there is none."""
    return (string or "",) if isinstance(string, str | None) else tuple(string)


def main() -> int:
    missing = [f"{language}: {words}" for language, name in languages().items() for words in update(language, name)]
    print("\n".join(missing) or "Every string has its translations.")
    return 1 if missing else 0


if __name__ == "__main__":
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    sys.exit(main())
