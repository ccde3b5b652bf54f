"""One instrument put to raters: its items, K, guideline and rules."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from annotation.enums import CampaignState, Origin
from annotation.models.consents import ConsentForm
from pipeline.enums import InstrumentName
from studies.models import Study, User
from studies.tokens import new_token


class Guideline(models.Model):
    """The instruction raters read, in Markdown; a new wording is a new row."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="guidelines")
    instrument = models.CharField(max_length=24, choices=InstrumentName.choices)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "instrument", "sha256"], name="guideline_text_once"),
        ]

    def __str__(self) -> str:
        return f"{self.instrument} {self.sha256[:8]}"


class Campaign(models.Model):
    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="campaigns")
    guideline = models.ForeignKey(Guideline, on_delete=models.PROTECT, related_name="campaigns")
    public_id = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    slug = models.SlugField(max_length=64)
    title = models.CharField(max_length=200)
    instrument = models.CharField(max_length=24, choices=InstrumentName.choices)
    origin = models.CharField(max_length=16, choices=Origin.choices)
    state = models.CharField(max_length=16, choices=CampaignState.choices, default=CampaignState.DRAFT)
    k = models.PositiveSmallIntegerField()
    questions_per_item = models.PositiveSmallIntegerField(default=24)
    lease_seconds = models.PositiveIntegerField(default=1800)  # the shortest; an item's own may be longer
    language = models.CharField(max_length=16, default="en")  # of the page around the material, the same for all raters
    # Who may take part, and how much. 0: no limit.
    cohort_only = models.BooleanField(default=False)  # only participants with a CohortMember row
    people_apart = models.BooleanField(
        default=False
    )  # nobody judges a person here whom they judged in another campaign
    max_items = models.PositiveIntegerField(default=0)  # per rater: work and what is mixed in
    max_items_day = models.PositiveIntegerField(default=0)  # the same per rater and day
    time_zone = models.CharField(max_length=64, default="UTC")  # in which a day begins and ends
    min_width = models.PositiveSmallIntegerField(default=0)  # CSS pixels that the page needs
    # Before and among the work. Its items and quiz questions say whether there is any.
    consent_form = models.ForeignKey(
        ConsentForm, on_delete=models.PROTECT, null=True, blank=True, related_name="campaigns"
    )
    quiz_attempts = models.PositiveSmallIntegerField(default=2)
    pass_mark = models.FloatField(default=0.8)  # share of the qualification's questions answered as expected
    check_every = models.PositiveSmallIntegerField(default=0)  # one gold or attention item in so many; 0: none
    attention_limit = models.PositiveSmallIntegerField(default=0)  # failed attention items that end a part; 0: none
    asks_could_tell = models.BooleanField(default=True)  # preference: the closing question
    seed = models.CharField(max_length=64, default=new_token)
    parameters = models.JSONField(default=dict, blank=True)  # what its items were built from
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "slug"], name="campaign_slug_once_per_study"),
            models.CheckConstraint(condition=Q(k__gte=1), name="campaign_k_at_least_1"),
            models.CheckConstraint(condition=Q(questions_per_item__gte=1), name="campaign_items_not_empty"),
            models.CheckConstraint(condition=Q(lease_seconds__gte=60), name="campaign_lease_a_minute"),
            models.CheckConstraint(condition=Q(pass_mark__gte=0, pass_mark__lte=1), name="campaign_pass_mark_a_share"),
            models.CheckConstraint(condition=Q(quiz_attempts__gte=1), name="campaign_quiz_at_least_once"),
            models.CheckConstraint(condition=~Q(check_every=1), name="campaign_not_only_checks"),
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="campaign_origin_known"),
            models.CheckConstraint(condition=Q(state__in=CampaignState.values), name="campaign_state_known"),
            models.CheckConstraint(condition=Q(instrument__in=InstrumentName.values), name="campaign_instrument_known"),
            models.CheckConstraint(
                condition=~Q(origin=Origin.IMPORTED) | Q(state=CampaignState.CLOSED),
                name="campaign_imported_is_closed",
            ),
        ]

    def __str__(self) -> str:
        return self.title
