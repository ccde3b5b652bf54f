"""Personal data in a text, by presidio's recognizers and rules of our own. No network, no model unless one is named.

Precision comes first: a mask that covers a version number or an equation takes from raters what they have to judge by.
So a pattern that others share counts only in a telling form, or near a word that says what it is. presidio brings spaCy
with it and takes seconds to load: nothing here is imported before the first text is looked at.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings

from pipeline.backends.base import BackendUnusable
from pipeline.backends.personal_patterns import ACCOUNT, ADDRESSES
from pipeline.enums import MaskKind
from pipeline.masks import Span, united

RULES = "1"  # of this file: a change that finds other things is another number, and so another run
NEAR = 40  # letters before a number in which a word can say what it is
REGIONS = ("US", "GB", "DE", "FR", "IN")  # whose national phone numbers are looked for
PUBLIC_ADDRESSES = {"8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9"}

_DIGITS = re.compile(r"\d[\d\s().\-/]{5,}\d")
_PHONE_WORDS = re.compile(r"\b(phone|tel|telephone|mobile|cell|fax|whatsapp|sms|call|text me|ring|dial|reach)\b", re.I)
_PHONE_FORM = re.compile(r"\d[ .)/-]+\d")  # in groups, as nobody writes a count or an argument
_A_YEAR = re.compile(r"(?:1[89]|20)\d\d [^,]*")  # "1984 Abbey Road", the album
_CARD_WORDS = re.compile(r"\b(card|visa|mastercard|amex|american express|credit|debit)\b", re.I)
_CARD_GROUPS = re.compile(r"\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{5}")
_CARD_STARTS = re.compile(r"4|5[1-5]|2[2-7]|6011|65|3[47]|3[068]")
_IDENTITY_WORDS = re.compile(r"\b(ssn|social security)\b", re.I)
_VERSION = re.compile(r"(?:\bv|version|release|build|/|==|>=|<=|~=|-)\s*$", re.I)


@dataclass(frozen=True)
class Rule:
    """A recognizer of presidio's, and what its finds have to pass besides."""

    kind: MaskKind
    recognizer: Any
    entity: str
    holds: Callable[[str, int, int], bool]


class PersonalDataFinder:
    """Finds spans of personal data. ``names`` is the spaCy pipeline that names are looked for with, "" for none."""

    def __init__(self, model: Path | None = None) -> None:
        self._model = model

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """For each text its spans, apart and in order."""
        return [list(united(self._all(text, names))) for text, names in zip(texts, self._names(texts), strict=True)]

    def _all(self, text: str, names: list[Span]) -> list[Span]:
        return [*self._by_rules(text), *_addresses(text), *_accounts(text), *names]

    def _by_rules(self, text: str) -> Iterator[Span]:
        for rule in self._rules if "@" in text or any(map(str.isdigit, text)) else ():
            for result in rule.recognizer.analyze(text, [rule.entity]):
                if rule.holds(text, result.start, result.end):
                    yield Span(result.start, _whole(text, result.end, rule.kind), rule.kind)
        if _DIGITS.search(text):
            yield from _phones(text)

    @cached_property
    def _rules(self) -> tuple[Rule, ...]:
        logging.getLogger("presidio-analyzer").setLevel(logging.WARNING)  # it tells of every recognizer
        from presidio_analyzer import predefined_recognizers as theirs
        from tldextract import TLDExtract

        domains = TLDExtract(suffix_list_urls=(), cache_dir=None)  # the list that comes with the package, never fetched

        class Emails(theirs.EmailRecognizer):
            def validate_result(self, pattern_text: str) -> bool:
                return bool(domains(pattern_text.rpartition("@")[2]).suffix)

        return (
            Rule(MaskKind.EMAIL, Emails(), "EMAIL_ADDRESS", _is_mailbox),
            Rule(MaskKind.CARD, theirs.CreditCardRecognizer(), "CREDIT_CARD", _is_card),
            Rule(MaskKind.ACCOUNT, theirs.IbanRecognizer(), "IBAN_CODE", lambda text, start, end: True),
            Rule(MaskKind.IDENTITY, theirs.UsSsnRecognizer(), "US_SSN", _is_social_security),
            Rule(MaskKind.IP, theirs.IpRecognizer(), "IP_ADDRESS", _is_public_address),
        )

    def _names(self, texts: Sequence[str]) -> Iterable[list[Span]]:
        if self._model is None:
            return ([] for _ in texts)
        documents = _spacy_pipeline(self._model).pipe(texts)
        return ([Span(*ends, MaskKind.NAME) for ends in _people_in(document)] for document in documents)


def _people_in(document: Any) -> Iterator[tuple[int, int]]:
    for entity in document.ents:
        if entity.label_ in ("PERSON", "PER"):
            yield entity.start_char, entity.end_char


def _phones(text: str) -> Iterator[Span]:
    """Numbers with a country's prefix that could exist there; others where a word before them says what they are."""
    import phonenumbers as them

    if "+" in text:
        for match in them.PhoneNumberMatcher(text, None, leniency=them.Leniency.POSSIBLE):
            named = _said_before(_PHONE_WORDS, text, match.start)
            alone = not text[max(0, match.start - 1) : match.start].isalnum()
            if alone and (named or them.is_valid_number(match.number)):
                yield Span(match.start, match.end, MaskKind.PHONE)
    for region in REGIONS if _PHONE_WORDS.search(text) else ():
        for match in them.PhoneNumberMatcher(text, region, leniency=them.Leniency.VALID):
            if _PHONE_FORM.search(match.raw_string) and _said_before(_PHONE_WORDS, text, match.start):
                yield Span(match.start, match.end, MaskKind.PHONE)


def _addresses(text: str) -> Iterator[Span]:
    for pattern in ADDRESSES:
        for match in pattern.finditer(text):
            if not _A_YEAR.fullmatch(match.group()):
                yield Span(*match.span(), MaskKind.ADDRESS)


def _accounts(text: str) -> Iterator[Span]:
    for match in ACCOUNT.finditer(text):
        yield Span(*match.span(1), MaskKind.ACCOUNT)


def _said_before(words: re.Pattern[str], text: str, start: int) -> bool:
    return words.search(text, max(0, start - NEAR), start) is not None


def _whole(text: str, end: int, kind: MaskKind) -> int:
    """presidio's pattern for IPv6 may stop at the "::" within an address."""
    rest = re.compile(r"[0-9a-fA-F:]*").match(text, end) if kind == MaskKind.IP else None
    return rest.end() if rest else end


def _is_mailbox(text: str, start: int, end: int) -> bool:
    """Not the address of a repository (git@host:path) or the middle of a URL with a login."""
    return not text.startswith("git@", start) and not text[max(0, start - 3) : start].endswith("//")


def _is_card(text: str, start: int, end: int) -> bool:
    number = re.sub("[ -]", "", text[start:end])
    if not _CARD_STARTS.match(number) or not 14 <= len(number) <= 16:
        return False
    return bool(_CARD_GROUPS.fullmatch(text[start:end])) or _said_before(_CARD_WORDS, text, start)


def _is_social_security(text: str, start: int, end: int) -> bool:
    hyphened = re.fullmatch(r"\d{3}-\d{2}-\d{4}", text[start:end])
    return _said_before(_IDENTITY_WORDS, text, start) and (bool(hyphened) or text[start:end].isdecimal())


def _is_public_address(text: str, start: int, end: int) -> bool:
    """Of a machine on the Internet: no private or reserved one, no well-known server's, no version number."""
    try:
        address = ipaddress.ip_address(text[start:end])
    except ValueError:
        return False
    if address.version == 6:
        return address in ipaddress.ip_network("2000::/3") and text.count(":", start, end) > 3
    if text[start:end] in PUBLIC_ADDRESSES or _VERSION.search(text, max(0, start - 10), start):
        return False
    return address.is_global and str(address).split(".")[0] not in "0123456789"


@lru_cache(maxsize=1)
def _spacy_pipeline(path: Path) -> Any:
    import spacy

    try:
        return spacy.load(path, exclude=["lemmatizer", "parser"])
    except (OSError, ValueError, ImportError) as error:
        raise BackendUnusable(f"PERSONAL_DATA_MODEL={path}: not a spaCy pipeline that loads here: {error}") from error


def names_model(path: Path | None = None) -> str:
    """The name and version of the spaCy pipeline that PERSONAL_DATA_MODEL names; "" where names are not looked for.

    Raises BackendUnusable for a folder that holds none.
    """
    folder = path or settings.PERSONAL_DATA_MODEL
    if folder is None:
        return ""
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        return f"{meta['lang']}_{meta['name']} {meta['version']}"
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = "name the folder of a spaCy pipeline, the one that holds its meta.json"
        raise BackendUnusable(f"PERSONAL_DATA_MODEL={folder} holds no spaCy pipeline: {remedy}") from error


def rules_version() -> str:
    """What finds: the same text and the same words here give the same spans."""
    return f"{RULES} presidio-analyzer {version('presidio-analyzer')} phonenumbers {version('phonenumbers')}"


@lru_cache(maxsize=1)
def open_finder(model: Path | None) -> PersonalDataFinder:
    return PersonalDataFinder(model)
