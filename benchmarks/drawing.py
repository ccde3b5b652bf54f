"""Drawing on matplotlib for pictures of docs, and turning the drawing into an SVG that lives in a page.

Colours are written as CSS variables with the light colour as fallback, so that one picture is right in light and dark
and still right alone. Text stays text. The same drawing gives the same bytes.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

# Okabe and Ito (2008): told apart with every kind of colour vision
INK, MUTED, LINE, PAPER = "#1d1d1b", "#66655f", "#dcdad2", "#fdfcf9"
PEOPLE, MODELS, BASELINES, AGAINST = "#0072b2", "#c65a02", "#7a7972", "#a8326e"
ON_SHADE = "#121211"  # numbers on a strong shade, light scheme or dark
VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    LINE: "--line",
    PAPER: "--paper",
    PEOPLE: "--people",
    MODELS: "--models",
    BASELINES: "--baselines",
    AGAINST: "--against",
}
WIDTH = 5.4  # inches; the page scales it
FONT = 8.5
_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_SETTINGS: Any = {  # matplotlib types its keys as a closed list
    "svg.fonttype": "none",
    "svg.hashsalt": "fitting-room",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": FONT,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": INK,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


@contextmanager
def drawing_style() -> Iterator[None]:
    """matplotlib's settings for the time of one drawing; the reader's own settings files are left out of it."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        yield


def new_axes(height: float, *, left: float, right: float, top: float, bottom: float) -> tuple[Figure, Axes]:
    """An empty picture ``height`` inches high with margins in inches."""
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasSVG(figure)
    box = (left / WIDTH, bottom / height, (WIDTH - left - right) / WIDTH, (height - top - bottom) / height)
    return figure, figure.add_axes(box)


def svg_of(figure: Figure, *, name: str, alt: str) -> str:
    """``figure`` as an ``<svg>`` element; ``name`` keeps its ids apart from other pictures' on the page."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r' (?:width|height)="[\d.]+pt"', "", text, count=2)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'((?:xlink:)?href="#|url\(#)', rf"\1{name}-", text)
    text = text.replace("'DejaVu Sans'", _FONTS)
    for colour, variable in VARIABLES.items():
        text = re.sub(rf"((?:fill|stroke): ){colour}\b", rf"\1var({variable}, {colour})", text)
    head, _, rest = text.partition(">")
    title = f"<title>{html.escape(alt)}</title>"
    return f'{head} role="img" aria-label="{html.escape(alt)}">{title}{rest}'.strip() + "\n"
