"""What stands on a rater's page in these tests, and how the database is turned round behind it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, F, Value, When
from django.urls import reverse

from annotation.enums import AssignmentState
from annotation.models import Assignment, Campaign, Item, Rater, Seat
from pipeline.enums import Side
from pipeline.models import Response, ResponsePair, Run

LEFT, RIGHT = "Bake **bread** in the evenings.", "There are many hobbies, *whittling* for one."


@dataclass(frozen=True)
class World:
    """A rater with two preference items in hand: the one on the page, and the one that a submit brings."""

    campaign: Campaign
    rater: Rater
    now: Assignment
    later: Assignment

    def url(self, name: str, assignment: Assignment | None = None) -> str:
        return reverse(f"annotation:{name}", args=[(assignment or self.now).token])

    @property
    def rate_url(self) -> str:
        return reverse("annotation:rate", args=[self.campaign.public_id])


def hold_also(now: Assignment) -> Assignment:
    """The other item in the same hands, so that going on brings an assignment whose side is settled."""
    item = Item.objects.exclude(pk=now.item_id).get()
    seat = item.seats.get(side=now.side, number__lt=2)
    Item.objects.filter(pk=item.pk).update(open_seats=F("open_seats") - 1)
    return Assignment.objects.create(
        campaign=now.campaign,
        item=item,
        seat=seat,
        rater=now.rater,
        state=AssignmentState.HELD,
        side=seat.side,
        order=now.order,
        claimed_at=now.lease_until,
        lease_until=now.lease_until,
    )


def swap_sides() -> None:
    """Personalized and generic change places in the database; what stands left and right does not."""
    other = Case(When(side=Side.LEFT, then=Value(Side.RIGHT)), default=Value(Side.LEFT))
    Seat.objects.update(side=other)
    Assignment.objects.update(side=other)
    Rater.objects.update(n_left=F("n_right"), n_right=F("n_left"))
    for pair in ResponsePair.objects.select_related("generic", "personalized"):
        Response.objects.filter(pk=pair.generic_id).update(text=pair.personalized.text)
        Response.objects.filter(pk=pair.personalized_id).update(text=pair.generic.text)


def swap_models() -> None:
    Run.objects.update(model_name="another-model-with-a-long-name", backend="openai_api")
    Response.objects.update(generator="another-model-with-a-long-name")
    ResponsePair.objects.update(generator="another-model-with-a-long-name")


SWAPS = {"sides": swap_sides, "models": swap_models}
