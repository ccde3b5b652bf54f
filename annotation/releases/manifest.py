"""manifest.json: what a release holds and how it came to be. Only here stand the time, the maker and the tools."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from typing import Any

import polars as pl

from analysis.schema import SCHEMA_VERSION, TABLES
from annotation.enums import Origin, ReleaseState
from annotation.releases.plurals import noun
from annotation.releases.tables.rows import time_text
from annotation.releases.tables.scope import Scope
from studies.models import User

CELLS = "of all demographics of a person together"
SETTINGS = {
    "cells": CELLS,
    "looked_through": ["conversations", "prompts", "responses", "attributes", "remarks", "closings"],
    "sorted_by": "bytes of the public ids",
    "left_out": ["accounts", "completions", "drafts", "held assignments", "source ids"],
}
_NOTICES = {
    Origin.SIMULATED: "SIMULATED: {}, given by programs. No answer of a person is among them.",
    Origin.IMPORTED: "IMPORTED: {}, collected elsewhere. None counts towards a K here.",
}
_EARLIER_NOTICES = {  # of releases made before there was a singular
    Origin.SIMULATED: "SIMULATED: {} judgments in {} campaigns were made by programs. They are not answers of people.",
    Origin.IMPORTED: "IMPORTED: {} judgments in {} campaigns were collected elsewhere and count towards no K here.",
}


@dataclass
class Tally:
    """Counts that a writer or a verifier gathers while the rows pass."""

    rows: Counter[str] = field(default_factory=Counter)
    judgments: Counter[str] = field(default_factory=Counter)  # by not_counted_because, "" = counted
    erased: Counter[str] = field(default_factory=Counter)
    campaigns: Counter[str] = field(default_factory=Counter)  # by origin
    raters: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)

    def add(self, table: str, frame: pl.DataFrame) -> None:
        self.rows[table] += frame.height
        if table == "judgments":
            self.judgments.update(_counted(frame, "not_counted_because"))
            self.answers.update(_counted(frame, "rater_kind"))
            self.erased[table] += frame["value"].null_count()
        elif table == "remarks":
            self.erased[table] += frame["text"].null_count()
        elif table == "campaigns":
            self.campaigns.update(_counted(frame, "origin"))
        elif table == "raters":
            self.raters.update(_counted(frame, "kind"))


def _counted(frame: pl.DataFrame, column: str) -> dict[str, int]:
    return dict(frame[column].value_counts().iter_rows())


def counts_of(tally: Tally) -> dict[str, Any]:
    """The manifest's entries that follow from the rows alone: what verify_release compares."""
    not_counted = {reason: n for reason, n in sorted(tally.judgments.items()) if reason}
    return {
        "notices": notices_of(tally),
        "origins": {
            str(origin): {
                "campaigns": tally.campaigns[origin],
                "raters": tally.raters[origin],
                "judgments": tally.answers[origin],
            }
            for origin in Origin.values
            if tally.campaigns[origin]
        },
        "tables": {name: {"rows": tally.rows[name]} for name in TABLES},
        "judgments": {"counted": tally.judgments[""], "not_counted": not_counted},
        "erased": {"judgments": tally.erased["judgments"], "remarks": tally.erased["remarks"]},
    }


def notices_of(tally: Tally) -> list[str]:
    """What nobody may overlook: answers that are not people's, or not collected here."""
    counts = {origin: (tally.answers[origin], tally.campaigns[origin]) for origin in _NOTICES}
    return [
        _NOTICES[origin].format(f"{n} {noun(n, 'judgment')} in {of} {noun(of, 'campaign')}")
        for origin, (n, of) in counts.items()
        if n or of
    ]


def is_noticed(manifest: dict[str, Any], tally: Tally) -> bool:
    """Whether the notices say what the rows do: in today's words, or all in those of earlier releases."""
    earlier = [
        sentence.format(tally.answers[origin], tally.campaigns[origin])
        for origin, sentence in _EARLIER_NOTICES.items()
        if tally.campaigns[origin] or tally.answers[origin]
    ]
    return manifest.get("notices") in (notices_of(tally), earlier)


def manifest_of(
    *, scope: Scope, public_id: str, final: bool, actor: User | None, tally: Tally, files: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """All of it but what follows later: version, change and previous from a comparison, and what people say of it."""
    study, counts = scope.study, counts_of(tally)
    return {
        "schema_version": SCHEMA_VERSION,
        "release": public_id,
        "version": "",
        "state": str(ReleaseState.FINAL if final else ReleaseState.DRAFT),
        "change": "",
        "previous": "",
        "notices": counts.pop("notices"),
        "study": {"slug": study.slug, "title": study.title, "description": study.description},
        "described": {},
        **counts,
        "settings": {**SETTINGS, **asdict(scope.settings), "demographics": _fields(scope.settings.demographics)},
        "covered": dict(sorted(scope.covered.items())),
        "made_at": time_text(datetime.now(UTC)),
        "made_by": maker_name(actor),
        "tools": tools(),
        "files": files,
    }


def _fields(chosen: Collection[str] | None) -> list[str] | None:
    """As JSON has them: the manifest that is kept is the one that is read."""
    return None if chosen is None else list(chosen)


def renewed(manifest: dict[str, Any], *, public_id: str, actor: User | None) -> dict[str, Any]:
    """The manifest of a final release of the very data that ``manifest`` is about."""
    return manifest | {
        "release": public_id,
        "version": "",
        "state": str(ReleaseState.FINAL),
        "change": "",
        "previous": "",
        "made_at": time_text(datetime.now(UTC)),
        "made_by": maker_name(actor),
        "tools": tools(),
    }


def maker_name(actor: User | None) -> str:
    """The maker as the public may read it: a login that is an e-mail address loses its address."""
    return "" if actor is None else actor.get_full_name() or actor.get_username().partition("@")[0]


def tools() -> dict[str, str]:
    return {"python": platform.python_version()} | {
        name: version_of(name) for name in ("django", "polars", "pyarrow", "orjson")
    }
