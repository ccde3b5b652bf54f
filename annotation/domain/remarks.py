"""What raters said beside their answers, as those who look after a campaign read it."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Count, QuerySet
from django.db.models.functions import Now

from annotation.enums import RemarkKind
from annotation.models import Campaign, Remark, RemarksRead
from studies.models import User


def remarks_of(campaign: Campaign) -> QuerySet[Remark]:
    """Newest first, with question, item and rater loaded. What was erased is not among them."""
    related = ("question", "assignment__item", "assignment__rater__participant")
    rows = Remark.objects.filter(assignment__campaign=campaign, erased_at__isnull=True)
    return rows.select_related(*related).order_by("-pk")


def remarks_by_kind(remarks: QuerySet[Remark]) -> dict[RemarkKind, int]:
    """How many there are of each kind, every kind named."""
    found = dict(remarks.order_by().values_list("kind").annotate(n=Count("pk")))
    return {kind: found.get(kind.value, 0) for kind in RemarkKind}


def read_up_to(campaign: Campaign, user: User) -> int:
    """The key of the last remark that the user has read, 0 for none. Keys grow as remarks come in."""
    found = RemarksRead.objects.filter(campaign=campaign, user=user).values_list("last_id", flat=True).first()
    return found or 0


def unread_by_kind(campaign: Campaign, user: User) -> Mapping[RemarkKind, int]:
    return remarks_by_kind(remarks_of(campaign).filter(pk__gt=read_up_to(campaign, user)))


@transaction.atomic
def mark_remarks_read(*, campaign: Campaign, user: User, last: Remark) -> RemarksRead:
    """The user has read the campaign's remarks up to ``last``; marking less than was marked before changes nothing."""
    row, _ = RemarksRead.objects.select_for_update().get_or_create(
        campaign=campaign, user=user, defaults={"last": last, "read_at": Now()}
    )
    if row.last_id < last.pk:
        RemarksRead.objects.filter(pk=row.pk).update(last=last, read_at=Now())
    row.refresh_from_db()
    return row
