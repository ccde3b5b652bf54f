"""What raters and the model server saw, held against the database. Nothing here changes a row."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, F, Q

from annotation.domain.counting import counted_judgments
from annotation.enums import AssignmentState, CampaignState
from annotation.models import Assignment, Campaign, Judgment, Revision
from pipeline.domain.progress import run_progress
from pipeline.models import Completion, Run
from tests.annotation.domain.invariants import check_seats
from tests.openai_server import question_of

OCCUPIED = Q(assignments__state__in=AssignmentState.occupying())


def problems_now(campaign: Campaign) -> list[str]:
    """What must never be seen, whenever one looks. Each look is one statement, so one instant of the database."""
    judgments = counted_judgments(Judgment.objects.filter(question__campaign=campaign))
    over = judgments.values("question").annotate(n=Count("pk")).filter(n__gt=campaign.k).order_by()
    items = campaign.items.annotate(occupied=Count("assignments", filter=OCCUPIED))
    wrong = items.filter(~Q(open_seats=campaign.k - F("occupied")) | Q(occupied__gt=campaign.k))
    twice = Assignment.objects.filter(campaign=campaign).values("item", "rater").annotate(n=Count("pk")).filter(n__gt=1)
    return [
        *(f"question {row['question']} has {row['n']} counted judgments of {campaign.k}" for row in over),
        *(f"item {item.pk}: {item.occupied} seats occupied, {item.open_seats} open, K {campaign.k}" for item in wrong),
        *(f"item {row['item']} went to rater {row['rater']} {row['n']} times" for row in twice.order_by()),
    ]


def problems_of(campaign: Campaign, records: Iterable[Mapping[str, Any]]) -> list[str]:
    """Of a campaign that everybody has left: acknowledged answers that are not there, wrong counts, broken seats."""
    records = list(records)
    return [*_lost(records), *_served_twice(records), *_unacknowledged(campaign, records), *_uncounted(campaign)]


def _lost(records: list[Mapping[str, Any]]) -> Iterable[str]:
    """First values must be those of the submit, standing values those of the last acknowledged request."""
    submits = {row["token"]: row for row in records if row["verb"] == "submit"}
    lasts = {row["token"]: row for row in records if row["verb"] in ("submit", "revise")}
    for token, last in lasts.items():
        found = Assignment.objects.filter(token=token, rater__participant__user__username=last["rater"]).first()
        if found is None or found.state not in AssignmentState.answered():
            yield f"{last['rater']}'s {token} was acknowledged and is {found.state if found else 'nowhere'}"
            continue
        first = Revision.objects.filter(judgment__assignment=found, number=1)
        stands = found.judgments.values_list("question__position", "value")
        for rows, sent in (
            (stands, last),
            (first.values_list("judgment__question__position", "value"), submits[token]),
        ):
            stored = {f"answer-{found.order.index(position)}": value for position, value in rows}
            if stored != sent["answers"]:
                yield f"{last['rater']}'s {token}: {sent['answers']} was acknowledged, {stored} stands"


def _served_twice(records: list[Mapping[str, Any]]) -> Iterable[str]:
    """By item, which no page tells: two tokens of one item are one item twice."""
    tokens = {row["token"] for row in records if row["verb"] == "served"}
    item_of = dict(Assignment.objects.filter(token__in=tokens).values_list("token", "item"))
    given = defaultdict(set)
    for row in records:
        if row["verb"] == "served":
            given[row["rater"], item_of.get(row["token"])].add(row["token"])
    for (rater, item), served in given.items():
        if len(served) > 1 or item is None:
            yield f"{rater} was given item {item} as {sorted(served)}"


def _unacknowledged(campaign: Campaign, records: list[Mapping[str, Any]]) -> Iterable[str]:
    """Everybody asked until they were told, so nothing may stand that nobody was told of."""
    told = {row["token"] for row in records if row["verb"] == "submit"}
    answered = Assignment.objects.filter(campaign=campaign, state__in=AssignmentState.answered())
    for token in answered.exclude(token__in=told).values_list("token", flat=True):
        yield f"{token} is submitted, and its rater was never told"


def _uncounted(campaign: Campaign) -> Iterable[str]:
    campaign.refresh_from_db()
    if campaign.state != CampaignState.COMPLETE:
        yield f"the campaign is {campaign.state}"
    counted = counted_judgments(Judgment.objects.filter(question__campaign=campaign))
    counts = Counter(counted.values_list("question", flat=True))
    for question in campaign.items.values_list("questions", flat=True):
        if counts[question] != campaign.k:
            yield f"question {question} has {counts[question]} counted judgments of {campaign.k}"
    try:
        check_seats(campaign)
    except AssertionError as error:
        yield str(error)


def problems_of_run(run: Run, answered: Mapping[str, int]) -> list[str]:
    """``answered``: how often the model server answered each question in full.

    Every answer but the recorded one must be a call that is on record as possibly paid.
    """
    run.refresh_from_db()
    problems = [] if run.state == "complete" else [f"the run is {run.state}: {run.problem}"]
    done, votes = run.work_units.filter(state="done").count(), run.votes.count()
    if (done, votes) != (run.n_units, run.n_units):
        problems.append(f"{run.n_units} units, {done} done, {votes} votes")
    paid: Counter[str] = Counter()
    for request in Completion.objects.filter(run=run).exclude(state="failed").values_list("request", flat=True):
        paid[question_of(request)] += 1
    over = [question for question, n in answered.items() if n > paid[question]]
    if over:
        problems.append(f"{len(over)} questions were answered more often than is on record")
    live = Completion.objects.filter(run=run, state="answered").values("cache_key").annotate(n=Count("pk"))
    if live.filter(n__gt=1).exists():
        problems.append("a question has two answers on record")
    return problems


def problems_of_kills(run: Run, seen: Mapping[str, int]) -> list[str]:
    """``seen``: how often each question reached the model server, answered or not.

    A question may come again only where an earlier call of it is on record as lost or failed, and never once an answer
    was recorded: the answer is the last attempt of its question, or came late to a call that had been given up.
    """
    problems = problems_of_run(run, seen)
    rows = (
        Completion.objects.filter(run=run).order_by("cache_key", "attempt").values_list("cache_key", "state", "request")
    )
    attempts: dict[str, list[str]] = defaultdict(list)
    questions: dict[str, str] = {}
    for key, state, request in rows.values_list("cache_key", "state", "request"):
        attempts[key].append(state)
        questions[key] = question_of(request)
    for key, states in attempts.items():
        if states.count("answered") != 1 or states[-1] != "answered" or "in_flight" in states:
            problems.append(f"{key[:8]} was attempted {states}")
        if seen.get(questions[key], 0) > len(states):
            problems.append(f"{key[:8]} was sent {seen[questions[key]]} times and is on record as {states}")
    lost = sum(states.count("abandoned") for states in attempts.values())
    said = run_progress(run)
    if (said.done, said.failed, said.asked, said.possibly_paid_twice) != (run.n_units, 0, len(attempts), lost):
        problems.append(f"of {len(attempts)} questions, {lost} calls lost, the run says: {said}")
    return problems
