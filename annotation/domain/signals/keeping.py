"""Signals of large campaigns, worked out by the worker and kept: opening a page waits for none of their answers.

Below ``FROM_JUDGMENTS`` they are worked out as a page is opened, from what there is at that moment.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import F, Q
from django.utils import timezone

from analysis.intervals import Interval
from annotation.domain.signals.measures import UNKNOWN, Agreement, Hidden, Pace, Sameness, Share
from annotation.domain.signals.raters import RaterSignals, signals_of
from annotation.enums import ReturnReason
from annotation.models import Campaign, Rater, SignalRollup

FROM_JUDGMENTS = 100_000  # counted ones; up to there it is a third of a second
MOST_AGE = timedelta(minutes=30)  # of what is kept of a campaign that goes on; older, no worker is there to keep it
SHARES = ("gold", "attention", "left", "hasty")
NUMBERS: dict[str, type[Any]] = {"pace": Pace, "sameness": Sameness, "hidden": Hidden} | dict.fromkeys(SHARES, Share)


class Seen(NamedTuple):
    """``made_at``: when the figures were kept; None where they are of this moment."""

    signals: list[RaterSignals]
    made_at: datetime | None = None


def seen_of(campaign: Campaign, of: Rater | None = None) -> Seen:
    """As ``signals_of``; of a large campaign what was kept last. Raters are as they are now, whatever was kept."""
    kept = SignalRollup.objects.filter(campaign=campaign).select_related("campaign__rollup").first()
    if kept is None or not _holds(kept):
        return Seen(signals_of(campaign, of))
    figures = {row.pop("rater"): row for row in kept.figures}
    raters = campaign.raters.select_related("participant").order_by("pk")
    return Seen([_with_figures(rater, figures.get(rater.pk)) for rater in raters], kept.made_at)


def _holds(kept: SignalRollup) -> bool:
    return kept.made_at >= kept.campaign.rollup.made_at or kept.made_at > timezone.now() - MOST_AGE


def campaigns_to_keep() -> list[Campaign]:
    """Large ones that were counted anew (rolling.py), so that they have changed, since their signals were kept."""
    changed = Q(signal_rollup=None) | Q(signal_rollup__made_at__lt=F("rollup__made_at"))
    return list(Campaign.objects.filter(changed, rollup__n_judgments__gte=FROM_JUDGMENTS).order_by("pk"))


def keep_signals(*, campaign: Campaign) -> SignalRollup:
    """Work out the signals of the campaign's raters and keep them, in place of those kept before. They are dated before
    they are worked out, so that what comes in meanwhile makes the next ones due."""
    begun = timezone.now()
    figures = [_plain(signals) for signals in signals_of(campaign)]
    kept, _ = SignalRollup.objects.update_or_create(campaign=campaign, defaults={"figures": figures, "made_at": begun})
    return kept


def _plain(signals: RaterSignals) -> dict[str, Any]:
    """As JSON holds it: NaN, which it has no word for, is null."""
    whole = {name: asdict(getattr(signals, name)) for name in (*NUMBERS, "agreement")}
    rest = {"pastes": signals.pastes, "skips": dict(signals.skips), "late": signals.late}
    return {"rater": signals.rater.pk, **_without_nan(whole), **rest}


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nan(part) for name, part in value.items()}
    if isinstance(value, (tuple, list)):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _with_figures(rater: Rater, row: Mapping[str, Any] | None) -> RaterSignals:
    """``row`` is None for who has joined since."""
    if row is None:
        return _nothing_of(rater)
    agreement = _with_nan(row["agreement"]) | {"interval": Interval(*map(_number, row["agreement"]["interval"]))}
    numbers = {name: kind(**_with_nan(row[name])) for name, kind in NUMBERS.items()}
    skips = {reason: row["skips"][reason] for reason in ReturnReason.values if reason in row["skips"]}
    rest = {"pastes": row["pastes"], "skips": skips, "late": row["late"]}
    return RaterSignals(rater=rater, agreement=Agreement(**agreement), **numbers, **rest)


def _with_nan(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _number(value) for name, value in row.items()}


def _number(value: Any) -> Any:
    return math.nan if value is None else value


def _nothing_of(rater: Rater) -> RaterSignals:
    nothing = Share(0, 0)
    return RaterSignals(
        rater=rater,
        pace=Pace(0, math.nan, math.nan),
        sameness=Sameness(0, 0, math.nan, math.nan, math.nan),
        agreement=Agreement(0, 0, math.nan, UNKNOWN),
        gold=nothing,
        attention=nothing,
        left=nothing,
        hidden=Hidden(0, 0, math.nan),
        pastes=None,
        skips={},
        late=0,
        hasty=nothing,
    )
