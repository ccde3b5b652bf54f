"""Markdown to HTML that is safe to show: rendered once, sanitised, and stored by the hash of its text.

What models wrote is Markdown; what people typed is shown as typed and does not come here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

import nh3
from django.db import transaction
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from annotation.models import Rendering

# Stands in every stored row: a new rule here or a new library makes new renderings, and old ones are not looked at.
RENDERER = f"1 markdown-it {version('markdown-it-py')} nh3 {version('nh3')}"[:32]

SCHEMES = {"http", "https", "mailto"}
TAGS = {
    *(
        "a",
        "blockquote",
        "br",
        "code",
        "div",
        "em",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "s",
        "strong",
    ),
    *("table", "tbody", "td", "th", "thead", "tr", "ul"),
}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
# Long code and tables scroll within their boxes, which keys must be able to reach.
FIXED_ATTRIBUTES = {"pre": {"tabindex": "0"}, "a": {"target": "_blank"}, "div": {"class": "scroll", "tabindex": "0"}}


def render_markdown(text: str) -> SafeString:
    """CommonMark with tables as sanitised HTML: no raw HTML, no images, nothing that loads from elsewhere."""
    return mark_safe(  # noqa: S308 - nh3 lets through its allow-list only
        nh3.clean(
            _parser.render(text),
            tags=TAGS,
            attributes=ATTRIBUTES,
            attribute_filter=_absolute_links_only,
            url_schemes=SCHEMES,
            link_rel="noopener noreferrer nofollow",
            set_tag_attribute_values=FIXED_ATTRIBUTES,
        )
    )


def rendered_html(texts: Iterable[str]) -> dict[str, SafeString]:
    """HTML by text, one query for all of them; what was never rendered before is rendered and stored."""
    by_hash = {hashlib.sha256(text.encode()).hexdigest(): text for text in texts}
    known = Rendering.objects.filter(renderer=RENDERER, text_sha256__in=list(by_hash))
    html = {by_hash[row.text_sha256]: mark_safe(row.html) for row in known}  # noqa: S308 - stored sanitised
    new = {key: render_markdown(text) for key, text in by_hash.items() if text not in html}
    if new:
        with transaction.atomic():
            rows = [Rendering(text_sha256=key, renderer=RENDERER, html=markup) for key, markup in new.items()]
            Rendering.objects.bulk_create(rows, ignore_conflicts=True)
    return html | {by_hash[key]: markup for key, markup in new.items()}


def _absolute_links_only(tag: str, attribute: str, value: str) -> str | None:
    """A relative link in a model's text would lead into this very site."""
    return None if attribute == "href" and value.partition(":")[0].lower() not in SCHEMES else value


def _demote_headings(state: StateCore) -> None:
    """The page has its own h1 and h2; a response's headings come below them."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"


def _images_to_links(state: StateCore) -> None:
    """Nothing is loaded from elsewhere: an image becomes its description, linked to where it lies."""
    for token in state.tokens:
        if token.children:
            token.children = _without_images(token.children)


def _without_images(children: list[Token]) -> list[Token]:
    result: list[Token] = []
    depth = 0
    for child in children:
        depth += {"link_open": 1, "link_close": -1}.get(child.type, 0)
        result.extend(_image_link(child, linked=depth > 0) if child.type == "image" else [child])
    return result


def _image_link(image: Token, *, linked: bool) -> list[Token]:
    label = Token("text", "", 0, content=f"[image: {image.content or 'no description'}]")
    source = str(image.attrGet("src") or "")
    if linked or source.partition(":")[0].lower() not in SCHEMES:
        return [label]
    return [Token("link_open", "a", 1, attrs={"href": source}), label, Token("link_close", "a", -1)]


def _open_table(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType, *_: Any
) -> str:
    return "<div>" + self.renderToken(tokens, index, options, env)


def _close_table(
    self: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType, *_: Any
) -> str:
    return self.renderToken(tokens, index, options, env) + "</div>"


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.core.ruler.push("demote_headings", _demote_headings)
    parser.core.ruler.push("images_to_links", _images_to_links)
    parser.add_render_rule("table_open", _open_table)
    parser.add_render_rule("table_close", _close_table)
    return parser


_parser = _make_parser()
