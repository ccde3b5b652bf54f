"""The figures of one measurement, and how they are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.material import QUESTIONS


@dataclass(frozen=True)
class Turn:
    """Submits a second and latencies (ms) of one turn."""

    rate: float
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, latencies: Sequence[float], seconds: float) -> Turn:
        ordered = sorted(latencies)
        at = [1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95, 0.99)]
        return cls(len(ordered) / seconds, *at)

    @classmethod
    def middle(cls, turns: Sequence[Turn]) -> Turn:
        values = [(turn.rate, turn.p50, turn.p95, turn.p99) for turn in turns]
        return cls(*(median(column) for column in zip(*values, strict=True)))


@dataclass(frozen=True)
class Row:
    """``share`` is the median over turns of product / bare in the same turn, ``share_p95`` the same for p95."""

    database: str
    stored: int
    raters: int
    queries: int
    product: Turn
    bare: Turn | None
    pgbench: float | None
    share: float | None
    share_p95: float | None
    shares: tuple[float, ...]

    @classmethod
    def of(
        cls,
        database: str,
        stored: int,
        raters: int,
        queries: int,
        product: Sequence[Turn],
        bare: Sequence[Turn],
        pgbench: Sequence[float],
    ) -> Row:
        shares = tuple(ours.rate / least.rate for ours, least in zip(product, bare, strict=False))
        p95s = [ours.p95 / least.p95 for ours, least in zip(product, bare, strict=False)]
        return cls(
            database,
            stored,
            raters,
            queries,
            Turn.middle(product),
            Turn.middle(bare) if bare else None,
            median(pgbench) if pgbench else None,
            median(shares) if shares else None,
            median(p95s) if p95s else None,
            shares,
        )


HEAD = (
    "| database | stored | raters | submits/s | judgments/s | p50 ms | p95 ms | p99 ms | queries | bare/s | bare p95 | "
    "pgbench/s | share of bare | p95 to bare's |"
)


def line(row: Row) -> str:
    ours, bare = row.product, row.bare
    cells = [row.database, f"{row.stored:,}", row.raters, f"{ours.rate:.0f}", f"{ours.rate * QUESTIONS:,.0f}"]
    cells += [f"{ours.p50:.1f}", f"{ours.p95:.1f}", f"{ours.p99:.1f}", row.queries]
    if bare and row.pgbench and row.share and row.share_p95:
        spread = f" ({min(row.shares):.2f}-{max(row.shares):.2f})" if len(row.shares) > 1 else ""
        cells += [f"{bare.rate:.0f}", f"{bare.p95:.1f}", f"{row.pgbench:.0f}"]
        cells += [f"{row.share:.2f}{spread}", f"{row.share_p95:.1f}"]
    else:
        cells += ["", "", "", "", ""]
    return f"| {' | '.join(map(str, cells))} |"


def drawn(rows: Sequence[Row]) -> str:
    columns = HEAD.count("|") - 1
    return "\n".join([HEAD, "|" + "---|" * columns, *map(line, rows)])
