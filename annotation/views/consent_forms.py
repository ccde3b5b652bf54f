"""The study's consent forms, in versions: leads write them, researchers read them."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from annotation.domain.consent_history import Version, versions_of
from annotation.domain.consenting import LONGEST, MINUTES, ConsentFormInvalid, Wording, write_form
from annotation.domain.rendering import rendered_html
from annotation.models import ConsentForm
from annotation.views.access import logged_in
from studies.http import SeeOther, actor_of
from studies.models import Study
from studies.permissions import LEADS, LOOKS, may, study_for

DEFAULTS = ("information", "statement", "warning")  # templates/annotation/consent/


class WordingForm(forms.Form):
    """The domain checks it; the widgets only say the same beforehand."""

    minutes = forms.IntegerField(
        label="Expected time, in minutes",
        widget=forms.NumberInput(attrs={"min": MINUTES[0], "max": MINUTES[1], "inputmode": "numeric"}),
    )
    pay = forms.CharField(
        label="Pay", max_length=LONGEST["pay"], help_text="As raters read it: “£9.00 an hour, paid by Prolific”."
    )
    contact = forms.CharField(
        label="Contact",
        max_length=LONGEST["contact"],
        help_text="A name, and an address that is read. No personal telephone number.",
    )
    warning = forms.CharField(
        label="Content warning",
        required=False,
        max_length=LONGEST["warning"],
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What people may come across. Chats can be crude; leave it out only if yours are not. Markdown.",
    )
    information = forms.CharField(
        label="Information",
        max_length=LONGEST["information"],
        widget=forms.Textarea(attrs={"rows": 22}),
        help_text="Markdown.",
    )
    statement = forms.CharField(
        label="What is agreed to",
        max_length=LONGEST["statement"],
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Markdown.",
    )


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def consent_forms(request: HttpRequest, study: str) -> HttpResponse:
    if request.method == "POST":
        return _write(request, study_for(request.user, study, *LEADS))
    found = study_for(request.user, study, *LOOKS)
    versions = versions_of(found)
    return _page(request, found, versions, WordingForm(initial=_start(versions)))


def _write(request: HttpRequest, study: Study) -> HttpResponse:
    form = WordingForm(request.POST)
    if form.is_valid():
        known = study.consent_forms.count()
        try:
            written = write_form(study=study, actor=actor_of(request), wording=Wording(**form.cleaned_data))
        except ConsentFormInvalid as error:
            form.add_error(error.field, error.message)
        else:
            messages.success(request, _said(written, is_new=study.consent_forms.count() > known))
            return SeeOther(reverse("annotation:consent-forms", args=[study.slug]))
    return _page(request, study, versions_of(study), form, status=400)


def _said(form: ConsentForm, *, is_new: bool) -> str:
    if not is_new:
        return f"Version {form.version} has this very wording. Nothing was changed."
    return f"Version {form.version} is written. It is put to raters where a campaign's rules name it."


def _start(versions: list[Version]) -> dict[str, Any]:
    """A new version starts from the newest one, the first from the texts that come with the platform."""
    if versions:
        return {field.name: getattr(versions[0].form, field.name) for field in fields(Wording)}
    texts = {name: render_to_string(f"annotation/consent/{name}.md").strip() for name in DEFAULTS}
    return asdict(Wording(minutes=30, pay="", contact="", **texts))


def _page(
    request: HttpRequest, study: Study, versions: list[Version], form: WordingForm, status: int = 200
) -> HttpResponse:
    html = rendered_html(text for version in versions for text in _markdown(version.form))
    context = {
        "study": study,
        "versions": [(version, *(html[text] for text in _markdown(version.form))) for version in versions],
        "form": form,
        "may_lead": may(request.user, study, *LEADS),
    }
    return render(request, "annotation/consent_forms.html", context, status=status)


def _markdown(form: ConsentForm) -> tuple[str, str, str]:
    return form.warning, form.information, form.statement
