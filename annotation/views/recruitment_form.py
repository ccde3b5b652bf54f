"""The settings of a recruitment as a form. The domain checks them; the widgets only help."""

from __future__ import annotations

import secrets
from typing import Any

from django import forms

from annotation.domain.recruiting.setup import OUTCOMES, RecruitmentSettings
from annotation.enums import LaunchCheck, RaterOutcome
from annotation.models import Recruitment
from studies.tokens import ALPHABET

PREFIX = "code_"
PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


def new_code() -> str:
    """A code that nobody guesses and everybody can type."""
    return "".join(secrets.choice(ALPHABET) for _ in range(8)).upper()


class RecruitmentForm(forms.Form):
    study_id = forms.CharField(
        label="Study id",
        help_text="The last part of the study's address on Prolific: 24 letters and digits.",
        max_length=64,
        widget=forms.TextInput(attrs=PLAIN),
    )
    workspace_id = forms.CharField(
        label="Workspace id",
        help_text="Optional. With it, launches of other workspaces are refused, and Prolific can send messages.",
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs=PLAIN),
    )
    api_token = forms.CharField(
        label="API token",
        help_text="For payments and states. Stored encrypted and never shown again; leave it empty to keep it.",
        max_length=400,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}, render_value=False),
    )
    launch_check = forms.ChoiceField(
        label="Whom to let in",
        help_text="A signed token cannot be forged. Asking needs the API token, for each person who comes.",
        choices=LaunchCheck.choices,
    )
    audience = forms.CharField(
        label="This site, as Prolific names it",
        help_text="Only where tokens name another origin than this site's own, https://fit.example.org for instance.",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs=PLAIN),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for outcome in OUTCOMES:
            widget = forms.TextInput(attrs=PLAIN)
            self.fields[PREFIX + outcome] = forms.CharField(
                label=outcome.label, max_length=64, required=False, widget=widget
            )

    @classmethod
    def of(cls, recruitment: Recruitment | None) -> RecruitmentForm:
        """Filled with what is stored; a new one with codes to choose from."""
        if recruitment is None:
            return cls(initial={PREFIX + outcome: new_code() for outcome in OUTCOMES})
        codes = {PREFIX + outcome: code for outcome, code in recruitment.codes.values_list("outcome", "code")}
        names = ("study_id", "workspace_id", "launch_check", "audience")
        return cls(initial=codes | {name: getattr(recruitment, name) for name in names})

    @property
    def settings(self) -> RecruitmentSettings:
        data = self.cleaned_data
        return RecruitmentSettings(
            study_id=data["study_id"],
            workspace_id=data["workspace_id"],
            launch_check=LaunchCheck(data["launch_check"]),
            audience=data["audience"].rstrip("/"),
            api_token=data["api_token"],
        )

    @property
    def codes(self) -> dict[str, str]:
        return {outcome: self.cleaned_data[PREFIX + outcome] for outcome in OUTCOMES}

    @property
    def code_fields(self) -> list[tuple[RaterOutcome, forms.BoundField]]:
        return [(outcome, self[PREFIX + outcome]) for outcome in OUTCOMES]

    def name_of(self, field: str) -> str | None:
        """Of the form's field for what the domain calls ``field``; None where there is none."""
        return next((name for name in (field, PREFIX + field) if name in self.fields), None)
