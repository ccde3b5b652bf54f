"""Markdown from outside becomes HTML that can do nothing but be read."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.domain.rendering import RENDERER, render_markdown, rendered_html
from annotation.models import Rendering


def test_render_makes_what_markdown_says() -> None:
    html = render_markdown("**bold** *slanted* `code`\n\n1. one\n2. two\n\n> said\n\n~~gone~~")
    for part in ("<strong>bold</strong>", "<em>slanted</em>", "<code>code</code>", "<li>one</li>", "<blockquote>"):
        assert part in html
    assert "<s>gone</s>" in html


def test_render_puts_headings_below_those_of_the_page() -> None:
    assert render_markdown("# One\n\n##### Five") == "<h3>One</h3>\n<h6>Five</h6>\n"


def test_render_gives_wide_things_a_box_to_scroll_in() -> None:
    html = render_markdown("| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nlong\n```")
    assert html.count('tabindex="0"') == 2
    assert 'class="scroll"' in html
    assert "<table>" in html
    assert '<pre tabindex="0">' in html


def test_render_keeps_the_number_a_list_begins_with() -> None:
    assert '<ol start="3">' in render_markdown("3. three")


def test_render_marks_links_as_none_of_ours() -> None:
    html = render_markdown("[there](https://example.org/a?b=1&c=2)")
    for part in ('href="https://example.org/a?b=1&amp;c=2"', 'rel="noopener noreferrer nofollow"', 'target="_blank"'):
        assert part in html


def test_render_loads_no_image_and_says_what_it_was() -> None:
    html = render_markdown("![a fig](https://example.org/fig.png) ![](https://example.org/x.png)")
    assert "<img" not in html
    assert 'href="https://example.org/fig.png"' in html
    assert ">[image: a fig]</a>" in html
    assert "[image: no description]" in html


def test_render_puts_no_link_into_a_link() -> None:
    html = render_markdown("[![badge](https://example.org/b.svg)](https://example.org/)")
    assert html.count("<a ") == 1
    assert "[image: badge]" in html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onclick=alert(1)>b</b>",
        "<svg/onload=alert(1)>",
        "<style>*{display:none}</style>",
        "<math><mtext></table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
        "<!-- --!><img src=x onerror=alert(1)>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    ],
)
def test_render_shows_html_as_text(text: str) -> None:
    html = render_markdown(text)
    assert "&lt;" in html
    for tag in ("<script", "<img", "<b ", "<svg", "<style", "<iframe", "<math", "<!--"):
        assert tag not in html


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "/logout/",
        "//example.org",
        "#item",
    ],
)
def test_render_links_to_other_sites_only(target: str) -> None:
    for text in (f"[x]({target})", f"![x]({target})", f"[x]: {target}\n\n[x]"):
        assert "href" not in render_markdown(text)


def test_render_survives_what_nobody_means() -> None:
    for text in ("", " ", "[", "*" * 5000, "> " * 300 + "x", "[a](" * 500, "|" * 2000, "\u202e\u0000\ufffd"):
        html = render_markdown(f"{text}\n\nThe last words.")
        assert "The last words." in html


@pytest.mark.django_db
def test_rendered_html_is_stored_and_found_again() -> None:
    texts = ["*one*", "two", "*one*"]
    first = rendered_html(texts)
    assert Rendering.objects.count() == 2
    with CaptureQueriesContext(connection) as queries:
        assert rendered_html(texts) == first
    assert len(queries) == 1
    assert first["*one*"] == "<p><em>one</em></p>\n"


@pytest.mark.django_db
def test_rendered_html_of_an_older_renderer_is_made_anew() -> None:
    rendered_html(["*one*"])
    Rendering.objects.update(renderer="an older one", html="<p>old</p>")
    assert rendered_html(["*one*"])["*one*"] == "<p><em>one</em></p>\n"
    assert Rendering.objects.filter(renderer=RENDERER).count() == 1
