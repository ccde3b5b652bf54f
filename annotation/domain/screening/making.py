"""Check items: pages of work made once more, with answers that are expected on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Max

from analysis.schema import VALUES
from annotation.domain.choosing import RING
from annotation.domain.errors import AnnotationError
from annotation.domain.gates import open_gates
from annotation.domain.screening.instructions import instruction
from annotation.domain.screening.scheduling import schedule_checks
from annotation.domain.screening.states import RETIRED
from annotation.enums import ItemRole, Origin, RaterGate
from annotation.models import Campaign, Expected, Item, ItemPerson, Question, Rater
from studies.domain.audit import record_event
from studies.models import User

CHECKS = (ItemRole.TRAINING, ItemRole.QUALIFICATION, *ItemRole.mixed_in())
STRIDE = 618_033  # of RING, the golden section: places so far apart lie evenly, however many there are
GATES = {ItemRole.TRAINING: RaterGate.TRAINING, ItemRole.QUALIFICATION: RaterGate.QUALIFICATION}


@dataclass(frozen=True)
class CheckPlan:
    """A check item before it is stored, by the positions of the source's questions.

    ``expected``: the values that are right, as Expected.values hold them. ``feedback``: what training says afterwards.
    ``texts``: what an attention item's line says instead; without one, a wording is drawn (instructions.py).
    """

    source: Item
    role: str
    expected: Mapping[int, Sequence[str]]
    feedback: Mapping[int, str] = field(default_factory=dict)
    texts: Mapping[int, str] = field(default_factory=dict)
    attempt: int = 1


def make_check_item(
    *,
    source: Item,
    role: str,
    expected: Mapping[int, Sequence[str]],
    feedback: Mapping[int, str] | None = None,
    texts: Mapping[int, str] | None = None,
    attempt: int = 1,
    campaign: Campaign | None = None,
    actor: User | None = None,
) -> Item:
    """One check item, as add_checks makes many. Raises AnnotationError with what is wrong with it."""
    plan = CheckPlan(source, role, expected, feedback or {}, texts or {}, attempt)
    [item] = add_checks(campaign=campaign or source.campaign, plans=[plan], actor=actor)
    return item


@transaction.atomic
def add_checks(*, campaign: Campaign, plans: Sequence[CheckPlan], actor: User | None = None) -> list[Item]:
    """Copy the pages into the campaign, after its items: the same prompt, pair, people, questions, words and lease,
    no seats, and what is expected of them.

    Sources are items of this campaign or of another one of the study with the same instrument (a pilot, an imported
    one). Raters at work who wait for no check get one in due course. Raises AnnotationError, and makes nothing, where a
    plan does not fit.
    """
    for plan in plans:
        for problem in problems_with(campaign, plan):
            raise AnnotationError(problem)
    mixed_in = any(plan.role in ItemRole.mixed_in() for plan in plans)
    if mixed_in:  # raters are locked before the campaign, as a claim does
        list(Rater.objects.select_for_update().filter(campaign=campaign).order_by("pk"))
    Campaign.objects.select_for_update().get(pk=campaign.pk)
    last = campaign.items.aggregate(last=Max("position"))["last"]
    start = 0 if last is None else last + 1
    items = [_copy(campaign, plan, position) for position, plan in enumerate(plans, start)]
    if mixed_in:
        schedule_checks(campaign=campaign)
    record_event(
        study=campaign.study,
        actor=actor,
        verb="add_checks",
        subject=f"campaign {campaign.slug}",
        detail={str(role): sum(plan.role == role for plan in plans) for role in CHECKS},
    )
    return items


def problems_with(campaign: Campaign, plan: CheckPlan) -> Iterator[str]:
    """Why the plan cannot be an item of the campaign, each with its remedy."""
    source = plan.source.campaign
    if campaign.origin == Origin.IMPORTED:
        yield "Nobody is asked in an imported campaign, so it can have no check items; add them to a new one."
    if (source.study_id, source.instrument) != (campaign.study_id, campaign.instrument):
        yield (
            f"A page of {source.slug} ({source.instrument}) is no page of {campaign.slug} ({campaign.instrument}): "
            "take an item of the same study and instrument."
        )
    else:
        yield from _wrong_answers(plan, campaign.instrument)
    yield from _wrong_role(plan)


def _wrong_role(plan: CheckPlan) -> Iterator[str]:
    if plan.role not in CHECKS:
        yield f"{str(plan.role)!r} is no role of a check item: use {', '.join(CHECKS)}."
    if plan.role != ItemRole.TRAINING and any(plan.feedback.values()):
        yield f"Feedback is shown after training only; leave it out of {plan.role} items."
    if plan.role != ItemRole.QUALIFICATION and plan.attempt != 1:
        yield f"Attempts belong to qualification; leave attempt {plan.attempt} out of {plan.role} items."
    if plan.role != ItemRole.ATTENTION and any(plan.texts.values()):
        yield f"Only attention items have a text of their own; leave it out of {plan.role} items."


def _wrong_answers(plan: CheckPlan, instrument: str) -> Iterator[str]:
    positions = set(plan.source.questions.values_list("position", flat=True))
    if not plan.expected:
        yield "No answer is expected on the item: say what is right for one question at least."
    if strays := set(plan.expected) - positions:
        yield f"The item has no question {min(strays) + 1}; it has {len(positions)}."
    if unexpected := (set(plan.feedback) | set(plan.texts)) - set(plan.expected):
        yield f"Question {min(unexpected) + 1} has words and no expected answer; give it one."
    for position, values in plan.expected.items():
        yield from _wrong_values(plan.role, position + 1, values, instrument)
    if plan.role == ItemRole.ATTENTION and set(plan.expected) == positions and len(positions) > 1:
        yield "Leave one question of an attention item as it is: a page of nothing but instructions stands out."


def _wrong_values(role: str, number: int, values: Sequence[str], instrument: str) -> Iterator[str]:
    known = VALUES[instrument]
    if wrong := [value for value in values if value not in known] or ([] if values else ["nothing"]):
        yield f"Question {number} expects {', '.join(map(repr, wrong))}; use {', '.join(known)} (one or more)."
    elif set(values) == set(known):
        yield f"Question {number} expects every answer, so none could be wrong; name fewer."
    elif role == ItemRole.ATTENTION and len(values) != 1:
        yield f"Question {number}: an attention item asks for one answer, not {len(values)}."


def _copy(campaign: Campaign, plan: CheckPlan, position: int) -> Item:
    source = plan.source
    item = Item.objects.create(
        campaign=campaign,
        role=plan.role,
        position=position,
        sort_key=position * STRIDE % RING,
        words=source.words,
        lease_seconds=source.lease_seconds,
        attempt=plan.attempt,
        prompt_id=source.prompt_id,
        pair_id=source.pair_id,
    )
    people = ItemPerson.objects.filter(item=source).values_list("person_id", flat=True)
    ItemPerson.objects.bulk_create(ItemPerson(item=item, person_id=person) for person in people)
    asked = list(source.questions.all())
    questions = Question.objects.bulk_create(_question(item, plan, each) for each in asked)
    Expected.objects.bulk_create(
        Expected(
            question=question,
            values=sorted(plan.expected[question.position]),
            feedback=plan.feedback.get(question.position, ""),
        )
        for question in questions
        if question.position in plan.expected
    )
    return item


def _question(item: Item, plan: CheckPlan, source: Question) -> Question:
    text = source.text
    if plan.role == ItemRole.ATTENTION and source.position in plan.expected:
        [value] = plan.expected[source.position]
        text = plan.texts.get(source.position) or instruction(item.campaign, value, item.position)
    return Question(
        item=item,
        campaign=item.campaign,
        role=item.role,
        position=source.position,
        instrument=source.instrument,
        attribute_id=source.attribute_id,
        prompt_id=source.prompt_id,
        pair_id=source.pair_id,
        unit_key=source.unit_key,
        text=text,
    )


@transaction.atomic
def retire_check(*, item: Item, actor: User) -> bool:
    """Give the item to nobody any more. One that nobody was ever given is deleted; else it stays, answers and all.

    Gives whether it was deleted. Raters who had nothing else left to do at its gate go on.
    """
    item = _checked(item)
    role, gate = item.role, GATES.get(ItemRole(item.role))
    waiting = list(Rater.objects.select_for_update().filter(campaign=item.campaign, gate=gate)) if gate else []
    deleted = not item.assignments.exists()
    if deleted:
        Expected.objects.filter(question__item=item).delete()
        Question.objects.filter(item=item).delete()
        item.delete()
    else:
        Item.objects.filter(pk=item.pk).update(priority=RETIRED)
    for rater in waiting:
        open_gates(rater=rater)
    _record(item, actor, "retire_check", {"role": role, "deleted": deleted})
    return deleted


@transaction.atomic
def restore_check(*, item: Item, actor: User) -> None:
    """Give a retired item again."""
    item = _checked(item)
    Item.objects.filter(pk=item.pk).update(priority=0)
    if item.role in ItemRole.mixed_in():
        schedule_checks(campaign=item.campaign)
    _record(item, actor, "restore_check", {"role": item.role})


def _checked(item: Item) -> Item:
    if item.role not in CHECKS:
        raise AnnotationError("This item is work; only check items are retired.")
    return Item.objects.select_related("campaign__study").get(pk=item.pk)


def _record(item: Item, actor: User, verb: str, detail: dict[str, str | bool]) -> None:
    record_event(
        study=item.campaign.study, actor=actor, verb=verb, subject=f"item {item.public_id}", detail=dict(detail)
    )
