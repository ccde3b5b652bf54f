"""What raters read has its translation, in every language there is a catalogue of."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from babel.messages.catalog import Catalog

from tests.messages import compiled, languages, said, strings_of, translated

PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]|\{[a-z_]+\}")
TAG = re.compile(r"</?[a-z]+[^>]*>")


def by_id(catalog: Catalog) -> dict[object, tuple[str, ...]]:
    def key(words: object) -> object:
        return tuple(words) if isinstance(words, list | tuple) else words

    return {(key(message.id), message.context): strings_of(message.string) for message in catalog if message.id}


@pytest.fixture(scope="module")
def source() -> Catalog:
    return said()


@pytest.mark.parametrize("language", languages())
def test_catalogue_has_what_the_code_says_and_nothing_else(source, language):
    """`scripts/messages` brings it up to date, and names what is to be translated by hand."""
    known = by_id(translated(language))
    assert {words: strings for words, strings in known.items() if not all(strings)} == {}
    assert set(known) == set(by_id(source))
    assert not any(message.fuzzy for message in translated(language))


@pytest.mark.parametrize("language", languages())
def test_compiled_catalogue_is_what_its_text_says(language):
    assert by_id(compiled(language)) == by_id(translated(language))


@pytest.mark.parametrize("language", languages())
def test_translation_keeps_placeholders_and_tags_of_its_original(language):
    for message in translated(language):
        if not message.id:
            continue
        originals = strings_of(message.id)
        for original, translation in zip(originals, strings_of(message.string), strict=True):
            for pattern in (PLACEHOLDER, TAG):
                kept, meant = Counter(pattern.findall(translation)), Counter(pattern.findall(original))
                assert kept == meant, (original, translation)
        assert message.pluralizable == isinstance(message.id, tuple)


def test_every_marked_string_is_found_by_the_extractor(source):
    """A sample of each way in which words are marked: in Python, in a class, in a template, as a block, in plural."""
    found: set[object] = {words for words, _ in by_id(source)}  # type: ignore[has-type, misc]
    assert {"Submit", "Never", "Log in", 'Previous<span class="wide"> item</span>'} <= found
    assert any(isinstance(words, tuple) for words in found)
