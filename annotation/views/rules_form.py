"""What a lead fills in on the page of a campaign's rules; the domain checks it, the widgets say the same beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import groupby
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.forms import BoundField

from annotation.domain.rules import CampaignRules, rules_of
from annotation.models import Campaign
from pipeline.enums import InstrumentName

REGIONS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
SECTIONS = (
    ("How much one rater does", ("max_items", "max_items_day", "time_zone", "people_apart")),
    ("Before the work", ("consent_form", "quiz_attempts", "pass_mark", "min_width")),
    ("Among the work", ("check_every", "attention_limit", "asks_could_tell")),
    ("The page", ("language", "lease_minutes")),
)


def _whole(label: str, help_text: str = "", least: int = 0) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"min": least, "inputmode": "numeric"})
    return forms.IntegerField(label=label, help_text=help_text, widget=widget)


class RulesForm(forms.Form):
    max_items = _whole("Items a rater", "At most, over the whole campaign. 0: no limit.")
    max_items_day = _whole("Items a rater and day", "At most. 0: no limit.")
    time_zone = forms.ChoiceField(label="Time zone", help_text="In which a rater's day begins and ends.")
    people_apart = forms.BooleanField(
        label="Nobody judges a person whom they met in another campaign of this study", required=False
    )
    consent_form = forms.ChoiceField(
        label="Study information and consent",
        required=False,
        help_text="A new choice is put to every rater before their next item.",
    )
    quiz_attempts = _whole("Attempts at the quiz", "Where there is one.", least=1)
    pass_mark = forms.FloatField(
        label="Pass mark of the qualification, in percent",
        help_text="Of its questions, answered as expected.",
        widget=forms.NumberInput(attrs={"min": 0, "max": 100, "step": "any", "inputmode": "decimal"}),
    )
    min_width = _whole("Width that the page needs, in pixels", "Narrower screens are turned away. 0: any will do.")
    check_every = _whole(
        "One gold or attention item in so many", "Where there are some, mixed among the work. 0: none."
    )
    attention_limit = _whole("Failed attention items that end a part", "0: none ever does.")
    asks_could_tell = forms.BooleanField(
        label="Ask at the end whether one could tell which response was personalized", required=False
    )
    language = forms.ChoiceField(label="Language of the pages", help_text="Not of what is judged.")
    lease_minutes = forms.FloatField(
        label="Minutes an item stays in somebody's hands",
        help_text="At least, without a sign of work; long items stay longer.",
        widget=forms.NumberInput(attrs={"min": 1, "step": "any", "inputmode": "decimal"}),
    )

    def __init__(self, campaign: Campaign, *args: object, **kwargs: object) -> None:
        self.campaign = campaign
        self.before = rules_of(campaign)
        super().__init__(*args, initial=_initial(self.before), **kwargs)  # type: ignore[arg-type, misc]
        self.fields["time_zone"].choices = zones(self.before.time_zone)  # type: ignore[attr-defined]
        self.fields["language"].choices = settings.LANGUAGES  # type: ignore[attr-defined]
        self.fields["consent_form"].choices = _consent_forms(campaign)  # type: ignore[attr-defined]
        if campaign.instrument != InstrumentName.PREFERENCE:
            del self.fields["asks_could_tell"]

    @property
    def sections(self) -> Iterator[tuple[str, list[BoundField]]]:
        for title, names in SECTIONS:
            yield title, [self[name] for name in names if name in self.fields]

    def rules(self) -> CampaignRules:
        """What was filled in, over what stood before; needs a form that is valid."""
        given = dict(self.cleaned_data)
        given["pass_mark"] = given["pass_mark"] / 100
        given["lease_seconds"] = round(60 * given.pop("lease_minutes"))
        given["consent_form"] = int(given["consent_form"]) if given["consent_form"] else None
        return replace(self.before, **given)

    def add_problems(self, problems: list[tuple[str, str]]) -> None:
        """The domain's objections, each at its field."""
        for name, sentence in problems:
            field = {"lease_seconds": "lease_minutes"}.get(name, name)
            self.add_error(field if field in self.fields else None, sentence)


def _initial(rules: CampaignRules) -> dict[str, object]:
    given = asdict(rules)
    minutes, percent = given.pop("lease_seconds") / 60, 100 * given["pass_mark"]
    return given | {"pass_mark": f"{percent:g}", "lease_minutes": f"{minutes:g}"}


def zones(present: str) -> list[tuple[str, list[tuple[str, str]] | str]]:
    """UTC first, then cities by region; the present one even where it is in no region."""
    names = sorted(name for name in available_timezones() if name.partition("/")[0] in REGIONS and "/" in name)
    regions = groupby(names, key=lambda name: name.partition("/")[0])
    first = ["UTC"] if present in ("UTC", *names) else ["UTC", present]
    return [
        *((name, name) for name in first),
        *((region, [(name, name.partition("/")[2].replace("_", " ")) for name in found]) for region, found in regions),
    ]


def _consent_forms(campaign: Campaign) -> list[tuple[object, str]]:
    forms_of_study = campaign.study.consent_forms.order_by("-version")
    return [
        ("", "None: raters begin without"),
        *((form.pk, f"Version {form.version}: {form.minutes} minutes, {form.pay}") for form in forms_of_study),
    ]
