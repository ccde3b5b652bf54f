from __future__ import annotations

from django import forms

from annotation.models import Campaign

EVERYBODY, PASSED, LISTED = "everybody", "passed", "listed"


class CohortForm(forms.Form):
    who = forms.ChoiceField(
        label="Who may take part",
        choices=[
            (EVERYBODY, "Every rater of the study"),
            (PASSED, "Those who passed another campaign"),
            (LISTED, "The raters in a list"),
        ],
        widget=forms.RadioSelect,
    )
    source = forms.ChoiceField(label="Which campaign they passed", required=False)
    pseudonyms = forms.CharField(
        label="Pseudonyms",
        required=False,
        max_length=100_000,
        help_text="Parted by spaces, commas or lines.",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )

    confirmed = forms.BooleanField(label="Yes, take them out now", required=False)  # asked where somebody is at work

    def __init__(self, campaign: Campaign, *args: object, **kwargs: object) -> None:
        listed = campaign.cohort.order_by("participant__pseudonym").values_list("participant__pseudonym", flat=True)
        initial = {"who": LISTED, "pseudonyms": "\n".join(listed)} if campaign.cohort_only else {"who": EVERYBODY}
        super().__init__(*args, initial=initial, **kwargs)  # type: ignore[arg-type, misc]
        others = campaign.study.campaigns.exclude(pk=campaign.pk).filter(origin=campaign.origin).order_by("title")
        self.fields["source"].choices = [("", "Choose one"), *((one.slug, one.title) for one in others)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        if self.cleaned_data.get("who") == PASSED and not self.cleaned_data.get("source"):
            self.add_error("source", "Choose the campaign that they passed.")
        return self.cleaned_data
