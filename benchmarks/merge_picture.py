"""The merge study as a picture: agreement with the study's groups over thresholds, in the style of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import quantiles

from matplotlib.axes import Axes

from benchmarks.drawing import BASELINES, INK, LINE, MUTED, PEOPLE, drawing_style, new_axes, svg_of
from benchmarks.merge_agreement import ALL, Agreement


def merge_picture(found: Mapping[str, Sequence[Agreement]], best: float) -> str:
    """SVG: the mean of all people with the range of the middle nine tenths of them, and the mean of each corpus."""
    rows = found[ALL]
    top = next(row for row in rows if row.threshold == best)
    alt = (
        f"Adjusted Rand index between our groups and the study's over the cosine distance threshold: {top.rand:.3f} at "
        f"{best:.2f}, falling on both sides, {rows[0].rand:.3f} at {rows[0].threshold:.2f} and "
        f"{rows[-1].rand:.3f} at {rows[-1].threshold:.2f}."
    )
    with drawing_style():
        figure, axes = new_axes(2.7, left=0.45, right=1.35, top=0.3, bottom=0.45)
        x = [row.threshold for row in rows]
        low, high = zip(*(_middle(row.rands) for row in rows), strict=True)
        axes.fill_between(x, low, high, color=PEOPLE, alpha=0.15, linewidth=0)
        for name, others in found.items():
            if name != ALL:
                axes.plot(x, [row.rand for row in others], color=BASELINES, linewidth=0.8)
        axes.plot(x, [row.rand for row in rows], color=PEOPLE, linewidth=2)
        axes.plot([best], [top.rand], "o", color=PEOPLE, markersize=5)
        axes.annotate(f"{best:.2f}: {top.rand:.3f}", (best, top.rand), (6, 3), textcoords="offset points", color=INK)
        _key(axes)
        axes.set(xlim=(0, 0.95), ylim=(-0.05, 1.1), xticks=[0, 0.3, 0.6, 0.9], yticks=[0, 0.5, 1])
        axes.set_xlabel("threshold, cosine distance of average linkage")
        axes.set_title("adjusted Rand index", loc="left", color=MUTED, fontsize=8.5)
        axes.grid(axis="y", color=LINE, linewidth=0.6)
        return svg_of(figure, name="merge-agreement", alt=alt)


def _key(axes: Axes) -> None:
    """What the lines are, beside the picture in the order of their weight."""
    words = ((PEOPLE, "mean of all people"), (PEOPLE, "shade: 9 of 10 people"), (BASELINES, "thin: each corpus"))
    for number, (colour, text) in enumerate(words):
        axes.text(1.02, 0.95 - 0.1 * number, text, color=colour, transform=axes.transAxes)


def _middle(values: Sequence[float]) -> tuple[float, float]:
    """The 5th and the 95th percentile."""
    cuts = quantiles(values, n=20, method="inclusive")
    return cuts[0], cuts[-1]
