from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import override_settings

from pipeline.backends.base import BackendUnusable
from pipeline.backends.personal_data import PersonalDataFinder, names_model
from pipeline.enums import MaskKind

FINDER = PersonalDataFinder()

FOUND = {
    "Mail ada.lovelace+x@example.co.uk now.": ("ada.lovelace+x@example.co.uk", MaskKind.EMAIL),
    "call me at (415) 555-2671 please": ("(415) 555-2671", MaskKind.PHONE),
    "My phone: 020 7946 0958": ("020 7946 0958", MaskKind.PHONE),
    "You reach us under +49 30 901820.": ("+49 30 901820", MaskKind.PHONE),
    "Phone: +44 7700 900123": ("+44 7700 900123", MaskKind.PHONE),
    "my card 4111 1111 1111 1111": ("4111 1111 1111 1111", MaskKind.CARD),
    "visa 4111111111111111": ("4111111111111111", MaskKind.CARD),
    "IBAN DE89 3704 0044 0532 0130 00": ("DE89 3704 0044 0532 0130 00", MaskKind.ACCOUNT),
    "my account number: 12345678": ("12345678", MaskKind.ACCOUNT),
    "social security number is 536-22-1234": ("536-22-1234", MaskKind.IDENTITY),
    "banned my ip 91.198.174.192?": ("91.198.174.192", MaskKind.IP),
    "from 2a02:8109:9440:1a2b::17": ("2a02:8109:9440:1a2b::17", MaskKind.IP),
    "I live at 221B Baker Street, London": ("221B Baker Street, London", MaskKind.ADDRESS),
    "742 Evergreen Terrace, Springfield, IL 62704": ("742 Evergreen Terrace, Springfield, IL 62704", MaskKind.ADDRESS),
    "12 Oak Dr, Apt 4, Austin, TX 78701": ("12 Oak Dr, Apt 4, Austin, TX 78701", MaskKind.ADDRESS),
    "10 Downing Street, London SW1A 2AA": ("10 Downing Street, London SW1A 2AA", MaskKind.ADDRESS),
    "Hauptstraße 12, 10115 Berlin": ("Hauptstraße 12, 10115 Berlin", MaskKind.ADDRESS),
    "12 rue de la Paix, 75002 Paris": ("12 rue de la Paix, 75002 Paris", MaskKind.ADDRESS),
    "P.O. Box 1234": ("P.O. Box 1234", MaskKind.ADDRESS),
}  # fmt: skip

# What looks like personal data and is none: to cover it would take from raters what they judge by.
NOT_PERSONAL = [
    "ISBN 978-0-306-40615-7 and 0-306-40615-2",
    "from 1914-1918 to 2019-2020, see RFC 2616 section 10.4.1.2",
    "version 1.2.3.4, Chrome/120.0.0.0 Safari/537.36, x==110.2.3.4",
    "127.0.0.1, 192.168.1.1, 10.20.30.40, 0.0.0.0 and 8.8.8.8",
    "pi is 3.14159265358979, 6.02214076e23, 100 - 200 - 3000 = x",
    "2024-01-02 19:56:00, 12:30-13:45, room 204, 40.7128, -74.0060",
    "call f(1234567890), call it 1000000 times, dial 2147483647",
    "1234567890123456 is no card, 4111111111111112 fails its check",
    "4539578763621486 is a number like any other",
    "std::vector<int>::iterator, dec::add, 12:34:56:78",
    "git@github.com:org/repo.git, @pytest.mark.django_db, foo@2x.png, me@localhost",
    "In 2010 Mount St. Helens; 10 Best Ways to Cook; 5 Simple Drive ideas",
    "The 1984 Abbey Road tour, Symphony No. 9 in 1824, $20 Amazon Street food",
    "0x1F4A9, 123e4567-e89b-12d3-a456-426614174000, doi:10.1000/182",
    "account for 20230101 records, T+1 2023 400 500, x = 555-1234",
    "the bank's rate is 12345678 basis points; part 123-45-6789",
]


@pytest.mark.parametrize("text", FOUND)
def test_personal_data_is_found_to_the_letter(text: str) -> None:
    part, kind = FOUND[text]
    [[span]] = FINDER.find([text])
    assert (text[span.start : span.end], span.kind) == (part, kind)


@pytest.mark.parametrize("text", NOT_PERSONAL)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert FINDER.find([text]) == [[]]


def test_offsets_count_code_points() -> None:
    text = "🦊é Ω: ada@example.org"
    [[span]] = FINDER.find([text])
    assert text[span.start : span.end] == "ada@example.org"


def spacy_pipeline(folder: Path) -> Path:
    """A spaCy pipeline on disk that knows one name; real ones are trained, and loaded in the same way."""
    import spacy

    pipeline = spacy.blank("en")
    pipeline.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Ada Lovelace"}])  # type: ignore[attr-defined]
    pipeline.meta["name"] = "one_name"
    pipeline.to_disk(folder)
    return folder


def test_names_are_found_where_a_model_is_named(tmp_path: Path) -> None:
    text = "I am Ada Lovelace, ada@example.org."
    assert [span.kind for span in FINDER.find([text])[0]] == [MaskKind.EMAIL]
    folder = spacy_pipeline(tmp_path / "model")
    [spans] = PersonalDataFinder(folder).find([text])
    assert [(text[span.start : span.end], span.kind) for span in spans] == [
        ("Ada Lovelace", MaskKind.NAME),
        ("ada@example.org", MaskKind.EMAIL),
    ]
    with override_settings(PERSONAL_DATA_MODEL=folder):
        assert names_model().startswith("en_one_name ")


def test_folder_without_a_model_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text(json.dumps({"lang": "en"}))
    with pytest.raises(BackendUnusable, match="holds no spaCy pipeline: name the folder"):
        names_model(tmp_path)


def test_web_does_not_load_it() -> None:
    """presidio brings spaCy: seconds and 200 MB that no page needs."""
    code = "import config.wsgi, config.urls, annotation.urls, pipeline.tasks, sys; "
    code += "print([name for name in ('presidio_analyzer', 'spacy', 'phonenumbers') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr[-500:]
