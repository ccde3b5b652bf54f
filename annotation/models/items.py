"""Pages of work and the questions on them, frozen when they are built."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from annotation.enums import ItemRole
from annotation.models.campaigns import Campaign
from pipeline.models import Person, Prompt, ResponsePair
from pipeline.units import UnitFields, unit_condition
from studies.tokens import new_token


class Item(models.Model):
    """One page of work. ``open_seats`` counts the seats nobody holds or has filled, kept under the item's own lock so
    that a claim finds an open item by one index look-up; the assignments are the truth it is checked against.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="items")
    public_id = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    role = models.CharField(max_length=16, choices=ItemRole.choices, default=ItemRole.WORK)
    position = models.PositiveIntegerField()
    priority = models.SmallIntegerField(default=0)
    sort_key = models.PositiveIntegerField()  # where in the ring of the campaign's items it stands: work's is seeded
    open_seats = models.PositiveSmallIntegerField(default=0)
    words = models.PositiveIntegerField(default=0)  # to read on the page, questions included
    lease_seconds = models.PositiveIntegerField(default=0)  # by its size; 0: the campaign's
    attempt = models.PositiveSmallIntegerField(default=1)  # qualification: the attempt that it belongs to
    prompt = models.ForeignKey(Prompt, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    pair = models.ForeignKey(ResponsePair, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    people: models.ManyToManyField[Person, ItemPerson] = models.ManyToManyField(
        Person, through="ItemPerson", related_name="+"
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "position"], name="item_position_once"),
            models.CheckConstraint(condition=Q(role=ItemRole.WORK) | Q(open_seats=0), name="item_seats_only_for_work"),
        ]
        indexes = [
            models.Index(
                fields=["campaign", "-priority", "open_seats", "sort_key"],
                condition=Q(open_seats__gt=0),
                name="item_open",
            ),
            models.Index(
                fields=["campaign", "role"],
                condition=Q(role__in=["training", "qualification", "gold", "attention"]),
                name="item_check",
            ),
            models.Index(  # of those that are given: priority -1 is retired
                fields=["campaign", "role", "sort_key", "id"],
                condition=(Q(role=ItemRole.GOLD) | Q(role=ItemRole.ATTENTION)) & Q(priority__gt=-1),
                name="item_mixed_in",
            ),
        ]

    def __str__(self) -> str:
        return f"item {self.position} of {self.campaign}"


class ItemPerson(models.Model):
    """An item may pool attributes of several people."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "person"], name="item_person_once")]

    def __str__(self) -> str:
        return f"{self.person} in {self.item}"


class Question(UnitFields):
    """One unit judged on an item. ``text`` is the attribute's wording as raters saw it, whatever is re-merged later.

    ``campaign`` and ``role`` repeat the item's, so that the database itself keeps a unit from standing in two work
    items of a campaign and so being judged more than K times.
    """

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="questions")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="questions")
    role = models.CharField(max_length=16, choices=ItemRole.choices, default=ItemRole.WORK)
    position = models.PositiveIntegerField()
    text = models.TextField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["item", "position"], name="question_position_once"),
            models.UniqueConstraint(fields=["item", "unit_key"], name="question_unit_once_per_item"),
            models.UniqueConstraint(
                fields=["campaign", "unit_key"],
                condition=Q(role=ItemRole.WORK),
                name="question_unit_once_per_campaign",
            ),
            models.CheckConstraint(condition=unit_condition(), name="question_unit_by_instrument"),
        ]
        indexes = [
            models.Index(fields=["campaign", "unit_key"], condition=~Q(role=ItemRole.WORK), name="question_check_unit"),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Rendering(models.Model):
    """Markdown rendered once and sanitised, found by the hash of its source text and the renderer's version."""

    text_sha256 = models.CharField(max_length=64)
    renderer = models.CharField(max_length=32)
    html = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["text_sha256", "renderer"], name="rendering_once")]

    def __str__(self) -> str:
        return self.text_sha256[:8]
