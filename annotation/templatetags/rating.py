"""The rating scripts for a template: which files, in which order, with their words and whose browser it is."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context
from django.utils.crypto import salted_hmac

from annotation.views.script_words import script_words

register = template.Library()
SHARED = ("words", "store", "outbox")
START = (*SHARED, "start")
PAGE = (
    *SHARED, "page", "focus", "clock", "drafts", "ahead", "progress",
    "submit", "trouble", "undo", "break", "keys", "beat",
)  # fmt: skip


@register.inclusion_tag("annotation/_rating_scripts.html", takes_context=True)
def rating_scripts(context: Context, page: str = "start") -> dict[str, Any]:
    """On the rating page (``page="item"``) all of them; on a page before or after the work what empties the outbox."""
    user = getattr(context.get("request"), "user", None)
    given = {"login": _login(user), "words": script_words()}
    return {"given": given, "scripts": [f"annotation/rating/{name}.js" for name in (PAGE if page == "item" else START)]}


def _login(user: Any) -> str:
    """Tells one login's answers from another's in a shared browser, and says nothing about either."""
    if user is None or not user.is_authenticated:
        return ""
    return salted_hmac("annotation.rating_scripts", str(user.pk)).hexdigest()[:20]
