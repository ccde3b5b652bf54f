"""Patterns of personal data that presidio has none for: postal addresses and account numbers. Case matters in them.

What they miss is said in docs/personal-data.md; what they must not take is in tests/pipeline/backends.
"""

from __future__ import annotations

import re

_NUMBER = r"(?<![\d.,:/$€£#-]) \b \d{1,5}[A-Za-z]?"  # of a house: no price, no part of a date or a decimal
_WORD = r"[A-Z][\w'\u2019.-]*"
_STREET = rf"(?:(?:North|South|East|West|[NSEW]\.?)\ )? (?:{_WORD}\ ){{1,3}}"
_FLAT = r"(?:,?\ (?:Apt|Suite|Unit|Flat|\#)\.?\ ?\w+)?"
_POSTCODE = r"(?:,?\ [A-Z]{2}(?:\ \d{5}(?:-\d{4})?)? | ,?\ \d{4,5} | ,?\ [A-Z]{1,2}\d[A-Z\d]?\ \d[A-Z]{2})\b"
_CITY = r"[A-Z](?:[^\W\d]|['\u2019.-])*"
_TOWN = rf"{_FLAT} ,\ {_CITY}(?: (?:\ {_CITY}){{0,2}}? {_POSTCODE} | (?:\ {_CITY}){{0,2}})"
_PLAIN = "Street|Avenue|Road|Boulevard|Lane|Terrace|Parkway"
_DOUBTFUL = "St|Ave|Rd|Blvd|Ln|Dr|Ct|Pl|Drive|Court|Place|Way|Square|Close|Crescent"  # words of other uses too
_GERMAN = r"[A-ZÄÖÜ][a-zäöüß-]{2,}(?:straße|strasse|str\.|gasse|allee|platz)"
_FRENCH = r"(?:rue|avenue|boulevard|chemin|impasse|allée)\ (?:de\ la\ |de\ l['\u2019]|des\ |du\ |de\ |d['\u2019])?"
_NOM = r"[A-ZÀ-Ý][\wà-ÿ'\u2019-]+"

ADDRESSES = tuple(
    re.compile(pattern, re.VERBOSE)
    for pattern in (
        rf"{_NUMBER}\ {_STREET} (?:{_PLAIN})\b (?:{_TOWN})?",
        rf"{_NUMBER}\ {_STREET} (?:{_DOUBTFUL})\b\.? {_TOWN}",
        rf"\b{_GERMAN}\ \d{{1,4}}\ ?[a-z]?\b (?:,\ \d{{5}}\ [A-ZÄÖÜ][a-zäöüß]+)?",
        rf"\b\d{{1,4}}(?:\ bis|\ ter)?,?\ {_FRENCH} {_NOM}(?:\ {_NOM})* (?:,?\ \d{{5}}\ {_NOM})?",
        r"\b(?:P\.\ ?O\.|PO|Post\ Office)\ Box\ \d{1,6}\b",
    )
)

# A number counts as an account's where the words right before it say so; group 1 is the number.
ACCOUNT = re.compile(
    r"""\b(?:account|acct|a/c|routing|sort\ code|IBAN)\b\.?
        \s*(?:number|no|nr|num|\#)?\.?
        \s*(?:is|:|\#|=)*
        \s*(\d[\d\ -]{4,20}\d)\b""",
    re.VERBOSE | re.IGNORECASE,
)
