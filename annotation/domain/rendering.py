"""Markdown to safe HTML, once for each text: CommonMark without raw HTML, then an allow-list."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import nh3
from django.db import transaction
from markdown_it import MarkdownIt
from markdown_it.token import Token

from annotation.models import Rendering

RENDERER = "commonmark-1"  # a new version renders every text anew

_TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "div"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
_CLASSES = {"div": {"scroll"}}


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    parser.add_render_rule("table_open", _open_scroll_box)
    parser.add_render_rule("table_close", _close_scroll_box)
    return parser


def _open_scroll_box(renderer: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    return '<div class="scroll"><table>\n'


def _close_scroll_box(renderer: object, tokens: list[Token], index: int, options: object, env: object) -> str:
    return "</table></div>\n"


_PARSER = _parser()


def render_markdown(text: str) -> str:
    """Sanitised HTML of a text from outside: no scripts, styles, images or ids; links open nothing by themselves."""
    return nh3.clean(
        _PARSER.render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        allowed_classes=_CLASSES,
    )


def rendered_html(texts: Iterable[str]) -> dict[str, str]:
    """Text to HTML for all texts, in two queries: what was rendered before is looked up, the rest stored."""
    by_hash = {hashlib.sha256(text.encode()).hexdigest(): text for text in texts}
    known = dict(
        Rendering.objects.filter(renderer=RENDERER, text_sha256__in=by_hash).values_list("text_sha256", "html")
    )
    missing = {digest: render_markdown(by_hash[digest]) for digest in by_hash.keys() - known.keys()}
    if missing:
        with transaction.atomic():
            Rendering.objects.bulk_create(
                (Rendering(text_sha256=digest, renderer=RENDERER, html=html) for digest, html in missing.items()),
                ignore_conflicts=True,
            )
    html = known | missing
    return {text: html[digest] for digest, text in by_hash.items()}
