from __future__ import annotations

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

from studies.domain.members import LARGEST_QUOTA, LONGEST_DAYS
from studies.enums import Role

LONGEST_PASSWORD = 1024  # nobody types more; hashing more would only keep the server busy


class LoginForm(AuthenticationForm):
    """The same words for an unknown name, a wrong password and an account that is switched off."""

    error_messages = {
        "invalid_login": _("This name and password do not go together. Please try again; capitals matter."),
        "inactive": _("This name and password do not go together. Please try again; capitals matter."),
    }

    password = forms.CharField(
        label=_("Password"),
        max_length=LONGEST_PASSWORD,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class JoinForm(forms.Form):
    username = forms.CharField(
        label=_("Username"),
        max_length=150,
        help_text=_("To log in with. It need not be your own: letters, digits and @ . + - _"),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=LONGEST_PASSWORD,
        strip=False,
        help_text=_("At least 8 characters, and not one of the usual ones."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class InviteForm(forms.Form):
    """Quota and days are checked by the domain; the widgets only say the same beforehand."""

    role = forms.ChoiceField(label="Role", choices=[(Role.RATER, "rater"), (Role.RESEARCHER, "researcher")])
    quota = forms.IntegerField(
        label="How many people",
        initial=1,
        widget=forms.NumberInput(attrs={"min": 1, "max": LARGEST_QUOTA, "inputmode": "numeric"}),
    )
    days = forms.IntegerField(
        label="Days it is valid",
        initial=14,
        widget=forms.NumberInput(attrs={"min": 1, "max": LONGEST_DAYS, "inputmode": "numeric"}),
    )
