"""Puts attempts of xss_corpus.py into whatever text the database holds, and finds on a page what came of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from playwright.sync_api import Error

from tests.annotation.browser.xss_corpus import CORPUS, POLYGLOT

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

# Words that the program itself makes and finds again, or that decide what it does: nobody's text.
MACHINE = {
    *("password", "session_key", "session_data", "public_id", "slug", "pseudonym", "token", "lease_token", "seed"),
    *("sha256", "secret_sha256", "template_sha256", "text_sha256", "data_sha256", "token_sha256", "fingerprint"),
    *("unit_key", "cache_key", "submission_key", "key", "renderer", "html", "language", "time_zone", "id_hash"),
    *("recruiter_id_hash", "recruiter", "verb", "source_format", "backend", "template", "value", "order", "campaign"),
    *("parameters", "backend_options", "outcome", "prices", "subject", "request", "label_probabilities", "answers"),
    *("values", "manifest", "detail", "code_version", "finish_reason", "version", "backend_version", "masks"),
}
TEXTS = ("CharField", "TextField", "JSONField")
SOME = 6  # attempts in one long text


def poison_everything() -> None:
    """Every text of every row of ours that is not the program's own, each field and row by attempts of its own."""
    attempts = cycle(CORPUS)
    for model in apps.get_models():
        if model._meta.app_label in ("studies", "pipeline", "annotation"):
            fields = [field for field in model._meta.concrete_fields if is_text(field)]
            for row in model._default_manager.all():
                _poison(row, fields, attempts)


def is_text(field: models.Field[Any, Any]) -> bool:
    return field.get_internal_type() in TEXTS and not field.choices and field.name not in MACHINE


def _poison(row: models.Model, fields: list[models.Field[Any, Any]], attempts: Iterator[str]) -> None:
    """What is empty stays so: that a text is there decides what a page shows."""
    changed = {field.attname: _poisoned(field, row, attempts) for field in fields if getattr(row, field.attname)}
    if changed:
        type(row)._default_manager.filter(pk=row.pk).update(**changed)


def _poisoned(field: models.Field[Any, Any], row: models.Model, attempts: Iterator[str]) -> Any:
    if isinstance(field, models.JSONField):
        return _in_json(getattr(row, field.attname), attempts)
    if field.max_length is None:
        return "\n\n".join(islice(attempts, SOME))
    unique = f" {row.pk}"  # as part of whatever must be unique
    room = field.max_length - len(unique)
    fitting = next((each for each in islice(attempts, len(CORPUS)) if len(each) <= room), POLYGLOT[:room])
    return fitting + unique


def _in_json(value: Any, attempts: Iterator[str], name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _in_json(each, attempts, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_in_json(each, attempts) for each in value]
    return next(attempts) if isinstance(value, str) and name != "role" else value


WATCH = """() => {
  globalThis.xss = () => { globalThis.noticed("a script ran"); };
  addEventListener("securitypolicyviolation", (event) => globalThis.noticed(
    `refused ${event.violatedDirective}: ${event.blockedURI} ${event.sample}`));
}"""
# Attributes that are texts, and change nothing by what they say.
LOOK = """() => {
  const harmless = /^(value|title|aria-label|placeholder|alt|label|content|data-[a-z-]+|summary)$/;
  const foreign = "iframe,object,embed,base,style,frame,img,video,audio,source,marquee,math,template,noscript,"
    + "foreignObject,animate,set,script:not([src]):not([type='application/json'])";
  // a completion code goes back to the recruiter as one parameter, whatever stands in it
  const completion = /^https:\\/\\/app\\.prolific\\.com\\/submissions\\/complete\\?cc=[\\w%.~-]*$/;
  const found = [];
  for (const one of document.querySelectorAll(foreign)) found.push(`an element: ${one.outerHTML.slice(0, 120)}`);
  for (const one of document.querySelectorAll("*")) {
    const linked = one.matches(".prose a");
    if (one instanceof HTMLUnknownElement || one.localName.includes("-")) found.push(`an element: ${one.localName}`);
    for (const { name, value } of one.attributes) {
      if (/^on|^style$|^srcdoc$|formaction|^(data-)?hx-on/.test(name)) found.push(`${one.localName} has ${name}`);
      else if (linked && name === "href") {
        if (!/^(https?|mailto):/i.test(value)) found.push(`a link: ${value}`);
      } else if (/\\bxss\\b/i.test(value) && (!harmless.test(name) || /^data-hx-/.test(name))) {
        const expected = (linked && name === "title") || (name === "href" && completion.test(value));
        if (!expected) found.push(`${one.localName} has ${name}=${value.slice(0, 80)}`);
      }
    }
    if (linked && (one.target !== "_blank" || !/noopener/.test(one.rel))) found.push(`an own link: ${one.outerHTML}`);
  }
  if (document.documentElement.textContent.includes("49xss")) found.push("a template ran");
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of new Set(ids)) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`two of #${id}`);
  return found;
}"""


class Watched:
    """A context whose pages are watched: what ran, was refused, asked for elsewhere, or stands where it should not."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.base = base
        self.found: list[str] = []
        self.context = context
        self.page: Page = context.new_page()
        context.expose_function("noticed", lambda words: self.found.append(words))  # noqa: PLW0108 - it wants a function
        context.add_init_script(f"({WATCH})()")
        context.on("request", lambda request: self._asked(request.url, request.resource_type))
        self.page.on("dialog", self._said)
        self.page.on("pageerror", lambda error: self.found.append(f"a script broke: {error}"))

    def _asked(self, url: str, kind: str) -> None:
        """Pictures there are none of; what a text could make a page load is elsewhere, or no address of ours."""
        elsewhere = not url.startswith((f"{self.base}/", "data:", "blob:"))
        if (
            elsewhere
            or (kind in ("image", "media", "object") and not url.endswith(".svg"))
            or re.search(r"\bxss\b", url)
        ):
            self.found.append(f"asked for {url[:120]}")

    def _said(self, dialog: Any) -> None:
        self.found.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def visit(self, path: str, name: str, status: int = 200) -> list[str]:
        try:
            reply = self.page.goto(self.base + path, wait_until="load")
        except Error as error:
            self.found.append(f"the page went elsewhere: {error}")
        else:
            if reply is None or reply.status != status:
                self.found.append(f"answered {reply and reply.status} instead of {status}")
        return self.look(name)

    def look(self, name: str) -> list[str]:
        """What came of it on the page as it stands, and has since the last look."""
        try:
            here = self.page.evaluate(LOOK)
        except Error as error:
            here = [f"the page went elsewhere: {error}"]
        found = [*self.found, *here]
        self.found.clear()
        return [f"{name}: {each}" for each in found]
