"""What a study says about its data: the part of every release's papers that only people know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django import forms
from django.contrib import messages
from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from annotation.domain.datasheet import ASKED, QUESTIONS
from annotation.domain.describing import (
    LICENCES,
    LONGEST,
    Author,
    Described,
    DescriptionInvalid,
    blanks_of,
    describe_dataset,
    described_of,
)
from annotation.enums import ReleaseState
from annotation.releases.known import known_of
from annotation.releases.plurals import noun
from annotation.views.access import logged_in
from studies.http import SeeOther, actor_of
from studies.models import Study
from studies.permissions import LEADS, LOOKS, may, study_for

HEAD = ("title", "licence", "authors", "contact", "languages", "doi")


class DescriptionForm(forms.Form):
    """The domain checks it; the widgets only say the same beforehand."""

    title = forms.CharField(
        label="Title", required=False, max_length=LONGEST["title"], help_text="Left empty, it is the study's."
    )
    licence = forms.ChoiceField(label="Licence", required=False, help_text="Of the release as a whole, by SPDX.")
    authors = forms.CharField(
        label="Authors",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line: Family, Given | affiliation | ORCID. A group's name has no comma.",
    )
    contact = forms.CharField(
        label="Contact", required=False, max_length=LONGEST["contact"], help_text="A name and an address that is read."
    )
    languages = forms.CharField(
        label="Languages", required=False, help_text="Of the texts, by their tags: en, de, pt-BR."
    )
    doi = forms.CharField(
        label="DOI", required=False, max_length=LONGEST["doi"], help_text="Where there is one: 10.5281/zenodo.1234567."
    )

    def __init__(self, described: Described, data: Any = None) -> None:
        super().__init__(data, initial=initial_of(described))
        choices = [("", "Not chosen yet"), *((key, f"{title} ({key})") for key, title in LICENCES.items())]
        if described.licence and described.licence not in LICENCES:
            choices.append((described.licence, described.licence))
        self.fields["licence"].choices = choices  # type: ignore[attr-defined]
        for question in ASKED.values():
            self.fields[f"answers.{question.key}"] = forms.CharField(
                label=question.text, required=False, widget=forms.Textarea(attrs={"rows": 3})
            )

    def described(self) -> Described:
        """What was filled in; needs a form that is valid."""
        given = self.cleaned_data
        return Described(
            **{name: given[name] for name in ("title", "licence", "contact")},
            doi=given["doi"].strip().removeprefix("https://doi.org/"),
            authors=tuple(_author(line) for line in given["authors"].splitlines() if line.strip()),
            languages=tuple(given["languages"].replace(",", " ").split()),
            answers={key: given[f"answers.{key}"] for key in ASKED},
        )

    def add_problems(self, problems: list[tuple[str, str]]) -> None:
        for name, sentence in problems:
            self.add_error(name if name in self.fields else None, sentence[:1].upper() + sentence[1:] + ".")


def _author(line: str) -> Author:
    name, affiliation, orcid = ([part.strip() for part in line.split("|", 2)] + ["", ""])[:3]
    return Author(name, affiliation, orcid.removeprefix("https://orcid.org/"))


def initial_of(described: Described) -> dict[str, str]:
    lines = (" | ".join(filter(None, (one.name, one.affiliation, one.orcid))) for one in described.authors)
    return {
        "title": described.title,
        "licence": described.licence,
        "authors": "\n".join(lines),
        "contact": described.contact,
        "languages": ", ".join(described.languages),
        "doi": described.doi,
        **{f"answers.{key}": text for key, text in described.answers.items()},
    }


@dataclass(frozen=True)
class Asked:
    """A question of the datasheet: a field to fill, or what is filled in by itself."""

    text: str
    field: BoundField | None
    known: str


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def dataset(request: HttpRequest, study: str) -> HttpResponse:
    if request.method == "POST":
        return _save(request, study_for(request.user, study, *LEADS))
    found = study_for(request.user, study, *LOOKS)
    return _page(request, found, DescriptionForm(described_of(found)))


def _save(request: HttpRequest, study: Study) -> HttpResponse:
    form = DescriptionForm(described_of(study), request.POST)
    if form.is_valid():
        try:
            describe_dataset(study=study, actor=actor_of(request), described=form.described())
        except DescriptionInvalid as error:
            form.add_problems(error.problems)
        else:
            left = len(blanks_of(described_of(study)))
            messages.success(
                request,
                f"Saved. {left} {noun(left, 'blank is', 'blanks are')} left." if left else "Saved. No blank is left.",
            )
            return SeeOther(reverse("annotation:dataset", args=[study.slug]))
    return _page(request, study, form, status=400)


def _page(request: HttpRequest, study: Study, form: DescriptionForm, status: int = 200) -> HttpResponse:
    newest = study.releases.exclude(state=ReleaseState.WITHDRAWN).order_by("-pk").first()
    described = described_of(study)
    known = known_of(newest, described) if newest else {}
    context = {
        "study": study,
        "form": form,
        "head": [form[name] for name in HEAD],
        "sections": list(_sections(form, known)),
        "blanks": blanks_of(described),
        "newest": newest if known else None,
        "may_lead": may(request.user, study, *LEADS),
    }
    return render(request, "annotation/dataset.html", context, status=status)


def _sections(form: DescriptionForm, known: dict[str, str]) -> Iterator[tuple[str, list[Asked], list[Asked]]]:
    """Title, what is asked, what is filled in by itself."""
    for title, questions in groupby(QUESTIONS, key=lambda question: question.section):
        rows = [
            Asked(row.text, form[f"answers.{row.key}"] if row.asked else None, known.get(row.key, ""))
            for row in questions
        ]
        yield title, [row for row in rows if row.field], [row for row in rows if not row.field]
