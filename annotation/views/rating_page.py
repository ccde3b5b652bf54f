"""All that a rater's page knows: texts, places, the assignment's token, and how far the rater is.

Templates are given a RatingPage and nothing else. It has no field for a row's key, a public id of what is judged, a
model, a condition or a side, so no template can tell them (DESIGN.md, promise 3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from annotation.domain.handing_in import standing
from annotation.domain.judging import revisions_of
from annotation.domain.rendering import rendered_html
from annotation.domain.submissions import Answer, questions_on_page
from annotation.enums import AssignmentState, Origin, RejectReason, RemarkKind, ReturnReason
from annotation.instruments import INSTRUMENTS
from annotation.instruments.base import Choice, Instrument
from annotation.instruments.material import PageMaterial
from annotation.models import Assignment, Campaign, Rater
from annotation.views.rating_form import Entered, drafted, submitted
from annotation.views.reading import conversations_html, evidence_html
from pipeline.enums import InstrumentName
from studies.tokens import new_token

DONE = (AssignmentState.SUBMITTED, AssignmentState.SURPLUS)


@dataclass(frozen=True)
class AskedQuestion:
    place: int
    text: str
    evidence: SafeString  # where the statement comes from, where the instrument asks for that
    answer: Answer


@dataclass(frozen=True)
class Notice:
    heading: str
    sentences: tuple[str, ...] = ()
    link_label: str = ""
    link_url: str = ""


@dataclass(frozen=True)
class Reason:
    value: str
    label: str


@dataclass(frozen=True)
class Standing:
    """How far the rater is in the campaign; ``total`` is all its items, of which others may take some."""

    saved: int
    total: int


@dataclass(frozen=True)
class RatingPage:
    campaign_title: str
    mark: str  # "Simulated" where it is; never empty there
    guideline: SafeString
    instrument: str
    template: str
    question: str
    choices: tuple[Choice, ...]
    reasons: tuple[Reason, ...]
    material: PageMaterial
    conversations: SafeString  # attribute quality
    questions: tuple[AskedQuestion, ...]
    entered: Entered
    earlier_remarks: tuple[tuple[str, str], ...]
    key: str
    based_on: int | None
    standing: Standing
    number: int
    token: str
    url: str
    submit_url: str
    submit_label: str
    return_url: str
    skip_reasons: tuple[Reason, ...]
    draft_url: str
    ahead_url: str
    previous_url: str
    onward_url: str
    leave_url: str
    notice: Notice | None = None

    @property
    def progress(self) -> str:
        words = {"number": self.number, "total": self.standing.total, "saved": self.standing.saved}
        return gettext("Item %(number)s of up to %(total)s · %(saved)s saved") % words

    @property
    def title(self) -> str:
        item = gettext("Item %(number)s") % {"number": self.number}
        return f"{item} · {self.campaign_title} · Fitting Room"

    @property
    def announcement(self) -> str:
        """What the live region says when this page replaces another one."""
        if self.notice:
            return self.notice.heading
        return gettext("Saved. Item %(number)s of up to %(total)s.") % {
            "number": self.number,
            "total": self.standing.total,
        }

    @property
    def asks_missing(self) -> bool:
        return self.instrument == InstrumentName.ATTRIBUTE_QUALITY


def work_page(assignment: Assignment, entered: Entered | None = None, notice: Notice | None = None) -> RatingPage:
    """The page of an assignment that has no answer yet, filled with what was entered or else with the drafts."""
    page = _unanswered(assignment, drafted(assignment) if entered is None else entered)
    return replace(page, notice=notice, previous_url=edit_url_before(assignment))


def page_ahead(assignment: Assignment, *, before: str) -> RatingPage:
    """The page that comes after the one of the token ``before``, which is not submitted yet."""
    page = _unanswered(assignment, drafted(assignment))
    return replace(page, number=page.number + 1, previous_url=_url("edit-item", before))


def _unanswered(assignment: Assignment, entered: Entered) -> RatingPage:
    standing = standing_of(assignment.rater)
    standing = Standing(standing.saved, max(standing.total, standing.saved + 1))
    page = _to_work_on(_page(assignment, entered, standing), assignment.token)
    return replace(page, number=standing.saved + 1)


def _to_work_on(page: RatingPage, token: str) -> RatingPage:
    return replace(
        page,
        token=token,
        url=_url("item", token),
        submit_url=_url("submit-item", token),
        submit_label=gettext("Submit"),
        return_url=_url("return-item", token),
        skip_reasons=_skip_reasons(),
        draft_url=_url("draft-answer", token),
        ahead_url=_url("ahead", token),
    )


def edit_page(assignment: Assignment, entered: Entered | None = None, notice: Notice | None = None) -> RatingPage:
    """The page of a submitted assignment. What is sent from here adds revisions."""
    standing = standing_of(assignment.rater)
    page = _page(assignment, submitted(assignment) if entered is None else entered, standing)
    return replace(
        page,
        notice=notice,
        number=done_before(assignment).count() + 1,
        earlier_remarks=_earlier_remarks(assignment),
        token=assignment.token,
        url=_url("edit-item", assignment.token),
        based_on=revisions_of(assignment),
        previous_url=edit_url_before(assignment),
        submit_url=_url("revise-item", assignment.token),
        submit_label=gettext("Save changes"),
    )


def over_page(assignment: Assignment, entered: Entered, notice: Notice) -> RatingPage:
    """The page of an assignment that takes no answer any more: what was entered stands there to be read, or copied."""
    standing = standing_of(assignment.rater)
    page = replace(_page(assignment, entered, standing), notice=notice, number=standing.saved + 1)
    return replace(page, token=assignment.token, url=_url("item", assignment.token))


def _page(assignment: Assignment, entered: Entered, standing: Standing) -> RatingPage:
    campaign = assignment.campaign
    instrument = INSTRUMENTS[campaign.instrument]
    material = instrument.page(assignment, questions_on_page(assignment))
    guideline = campaign.guideline.text
    return replace(
        _blank(instrument, standing),
        campaign_title=campaign.title,
        mark=mark_of(campaign),
        guideline=rendered_html([guideline])[guideline],
        material=material,
        conversations=conversations_of(material),
        questions=asked(material, entered),
        entered=entered,
        key=new_token(),
        onward_url=reverse("annotation:rate", args=[campaign.public_id]),
        leave_url=reverse("annotation:leave", args=[campaign.public_id]),
    )


def empty_page(instrument: Instrument, standing: Standing, token: str) -> RatingPage:
    """The page of an assignment to work on, with nothing on it yet (mould.py)."""
    return _to_work_on(_blank(instrument, standing), token)


def _blank(instrument: Instrument, standing: Standing) -> RatingPage:
    return RatingPage(
        campaign_title="",
        mark="",
        guideline=SafeString(""),
        instrument=instrument.name,
        template=instrument.template,
        question=gettext(instrument.question),
        choices=tuple(replace(choice, label=gettext(choice.label)) for choice in instrument.choices),
        reasons=_reasons(instrument),
        material=PageMaterial(()),
        conversations=SafeString(""),
        questions=(),
        entered=Entered(),
        earlier_remarks=(),
        key="",
        based_on=None,
        standing=standing,
        number=0,
        token="",
        url="",
        submit_url="",
        submit_label="",
        return_url="",
        skip_reasons=(),
        draft_url="",
        ahead_url="",
        previous_url="",
        onward_url="",
        leave_url="",
    )


def asked(material: PageMaterial, entered: Entered | None = None) -> tuple[AskedQuestion, ...]:
    answers, unanswered = (entered or Entered()).answers, Answer("")
    has_evidence = material.conversations is not None
    return tuple(
        AskedQuestion(
            view.place,
            view.text,
            evidence_html(view.evidence) if has_evidence else SafeString(""),
            answers.get(view.place, unanswered),
        )
        for view in material.questions
    )


def conversations_of(material: PageMaterial) -> SafeString:
    return SafeString("") if material.conversations is None else conversations_html(material.conversations)


def _reasons(instrument: Instrument) -> tuple[Reason, ...]:
    if instrument.name != InstrumentName.ATTRIBUTE_QUALITY:
        return ()
    return tuple(Reason(reason.value, str(reason.label)) for reason in RejectReason)


def _skip_reasons() -> tuple[Reason, ...]:
    """Why an item may be skipped, the one without a reason first."""
    just_skip = Reason(ReturnReason.NONE.value, gettext("Just skip"))
    return just_skip, *(Reason(reason.value, str(reason.label)) for reason in ReturnReason if reason.value)


def mark_of(campaign: Campaign) -> str:
    """What tells a campaign whose answers are not people's own, on every page of it."""
    return "" if campaign.origin == Origin.HUMAN else str(Origin(campaign.origin).label)


def _url(name: str, token: str) -> str:
    return reverse(f"annotation:{name}", args=[token])


def standing_of(rater: Rater) -> Standing:
    return Standing(*standing(rater))


def done_before(assignment: Assignment) -> QuerySet[Assignment]:
    """The rater's submitted assignments, up to this one where it is submitted itself."""
    done = Assignment.objects.filter(rater=assignment.rater_id, state__in=DONE).exclude(pk=assignment.pk)
    if assignment.state in DONE:
        done = done.filter(submitted_at__lte=assignment.submitted_at)
    return done


def edit_url_before(assignment: Assignment) -> str:
    before = done_before(assignment).order_by("-submitted_at", "-pk").first()
    return _url("edit-item", before.token) if before else ""


def _earlier_remarks(assignment: Assignment) -> tuple[tuple[str, str], ...]:
    remarks = assignment.remarks.filter(text__isnull=False).order_by("made_at", "kind", "position")
    return tuple((str(RemarkKind(remark.kind).label), remark.text or "") for remark in remarks)
