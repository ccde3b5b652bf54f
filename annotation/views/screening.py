"""A campaign's quiz and check items as a lead sees them: how raters did, and adding, retiring, giving again."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.domain.errors import AnnotationError
from annotation.domain.overview import questions_by_item
from annotation.domain.screening.instructions import label_of
from annotation.domain.screening.making import CHECKS, make_check_item, restore_check, retire_check
from annotation.domain.screening.overview import checks_of, expected_in_words, quiz_of, units_met, way_of
from annotation.domain.screening.quiz import QuizPlan, add_quiz_questions, remove_quiz_question
from annotation.domain.screening.taking import checks_from_file, gold_from_labels, sources_of
from annotation.enums import CampaignState, ItemRole, Origin, RaterGate
from annotation.instruments import INSTRUMENTS
from annotation.instruments.texts import prompt_text, prompt_texts, question_texts
from annotation.models import Campaign, Item, QuizQuestion
from annotation.permissions import campaign_for
from annotation.views.access import logged_in
from pipeline.enums import Stage
from pipeline.models import Label, Run
from studies.http import SeeOther, actor_of
from studies.permissions import LEADS, LOOKS, may

ITEMS_PER_PAGE = 30
WHAT = {
    ItemRole.TRAINING: (
        "Training",
        "Answered before the work, in order; after each, raters read what was expected and why. Decides nothing.",
    ),
    ItemRole.QUALIFICATION: (
        "Qualification",
        "Answered before the work, without feedback. Who does not reach the pass mark at any attempt is screened out.",
    ),
    ItemRole.GOLD: ("Gold", "Mixed into the work and not to be told from it. Never counted."),
    ItemRole.ATTENTION: (
        "Attention",
        "Mixed in like gold; one line says itself which answer to choose. Never counted.",
    ),
}


@logged_in
@require_safe
def screening(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LOOKS)
    checks = checks_of(found)
    labels = Label.objects.filter(run__study=found.study, run__stage=Stage.LABEL, instrument=found.instrument)
    context = {
        "study": found.study,
        "campaign": found,
        "quiz": quiz_of(found),
        "parts": [(role, *WHAT[role], checks[role]) for role in CHECKS],
        "way": way_of(found),
        "gates": dict(RaterGate.choices),
        "twice": units_met(found, [each.item for of_role in checks.values() for each in of_role]),
        "may_lead": may(request.user, found.study, *LEADS) and found.origin != Origin.IMPORTED,
        "open": found.state != CampaignState.CLOSED,
        "label_runs": Run.objects.filter(pk__in=labels.values("run")).order_by("-created_at"),
        "has_checks": any(not each.retired for role in ItemRole.mixed_in() for each in checks[role]),
    }
    return render(request, "annotation/screening.html", context)


@logged_in
@require_safe
def pick(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    """The pages that may become a check item, of one campaign at a time."""
    found = campaign_for(request.user, study, campaign, *LEADS)
    sources = list(sources_of(found))
    named = request.GET.get("of", "")
    source = next((each for each in sources if each.slug == named), sources[0] if sources else found)
    items = Item.objects.filter(campaign=source, role=ItemRole.WORK).select_related("prompt", "pair__prompt")
    items = items.order_by("position").prefetch_related("people")
    shown = Paginator(items, ITEMS_PER_PAGE).get_page(request.GET.get("page"))
    prompts, asked = prompt_texts(shown), questions_by_item(shown)
    context = {
        "study": found.study,
        "campaign": found,
        "role": _role(request.GET.get("role", "")),
        "roles": [(role, WHAT[role][0]) for role in CHECKS],
        "sources": sources,
        "source": source,
        "items": shown,
        "rows": [(item, prompts.get(item.pk), asked.get(item.pk, 0)) for item in shown],
    }
    return render(request, "annotation/pick_check.html", context)


@logged_in
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, study: str, campaign: str, item: str) -> HttpResponse:
    """The form of one page: what is expected of each question, and what training says."""
    found = campaign_for(request.user, study, campaign, *LEADS)
    source = get_object_or_404(
        Item.objects.select_related("campaign", "prompt", "pair__prompt"),
        campaign__study=found.study,
        public_id=item,
        role=ItemRole.WORK,
    )
    given = request.POST if request.method == "POST" else request.GET
    role, problem = _role(given.get("role", "")), ""
    if request.method == "POST":
        try:
            return _made(request, found, source, role)
        except AnnotationError as error:
            problem = error.message
    values = [choice.value for choice in INSTRUMENTS[found.instrument].choices]
    questions = list(source.questions.all())
    asked = question_texts(questions)
    lines = [
        (
            question.position,
            asked[question.pk],
            [(value, expected_in_words(found.instrument, role, value), value in chosen) for value in values],
            given.get(f"words-{question.position}", ""),
        )
        for question in questions
        for chosen in [given.getlist(f"expected-{question.position}")]
    ]
    context = {
        "study": found.study,
        "campaign": found,
        "source": source,
        "role": role,
        "what": WHAT[ItemRole(role)],
        "prompt": prompt_text(source) or "",
        "lines": lines,
        "attempt": given.get("attempt", "1"),
        "problem": problem,
        "example": label_of(found.instrument, values[0]),
    }
    return render(request, "annotation/new_check.html", context, status=400 if problem else 200)


def _made(request: HttpRequest, campaign: Campaign, source: Item, role: str) -> HttpResponse:
    positions = list(source.questions.values_list("position", flat=True))
    words = {position: request.POST.get(f"words-{position}", "").strip() for position in positions}
    said = {position: text for position, text in words.items() if text}
    expected = {position: request.POST.getlist(f"expected-{position}") for position in positions}
    make_check_item(
        source=source,
        role=role,
        expected={position: values for position, values in expected.items() if values},
        feedback=said if role == ItemRole.TRAINING else {},
        texts=said if role == ItemRole.ATTENTION else {},
        attempt=_whole(request.POST.get("attempt", "")) if role == ItemRole.QUALIFICATION else 1,
        campaign=campaign,
        actor=actor_of(request),
    )
    messages.success(request, f"One {role} item more.")
    return SeeOther(_url(campaign) + f"#{role}")


@logged_in
@require_POST
def retire(request: HttpRequest, study: str, campaign: str, item: str) -> HttpResponse:
    found, check = _check(request, study, campaign, item)
    return _take(
        request, found, lambda: retire_check(item=check, actor=actor_of(request)), "The item is given no more."
    )


@logged_in
@require_POST
def restore(request: HttpRequest, study: str, campaign: str, item: str) -> HttpResponse:
    found, check = _check(request, study, campaign, item)
    return _take(request, found, lambda: restore_check(item=check, actor=actor_of(request)), "The item is given again.")


@logged_in
@require_POST
def add_question(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LEADS)
    choices = tuple(line.strip() for line in request.POST.get("choices", "").splitlines() if line.strip())
    plan = QuizPlan(
        request.POST.get("text", ""),
        choices,
        _whole(request.POST.get("correct", "")) - 1,
        request.POST.get("explanation", ""),
    )
    add = lambda: add_quiz_questions(campaign=found, plans=[plan], actor=actor_of(request))  # noqa: E731
    return _take(request, found, add, "One question more.")


@logged_in
@require_POST
def remove_question(request: HttpRequest, study: str, campaign: str, question: int) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LEADS)
    row = get_object_or_404(QuizQuestion.objects.select_related("campaign__study"), campaign=found, pk=question)
    return _take(
        request, found, lambda: remove_quiz_question(question=row, actor=actor_of(request)), "It is asked no more."
    )


@logged_in
@require_POST
def from_file(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LEADS)
    upload = request.FILES.get("file")
    if upload is None:
        messages.error(request, "Choose a file first: TOML or CSV, as docs/screening.md shows.")
        return SeeOther(_url(found))
    name, content = upload.name or "file", upload.read(2_000_001)
    take = lambda: checks_from_file(campaign=found, content=content, file=name, actor=actor_of(request))  # noqa: E731
    return _take(request, found, take, "What the file asks for is added.")


@logged_in
@require_POST
def from_labels(request: HttpRequest, study: str, campaign: str) -> HttpResponse:
    found = campaign_for(request.user, study, campaign, *LEADS)
    run = Run.objects.filter(study=found.study, stage=Stage.LABEL, public_id=request.POST.get("run", "")).first()
    if run is None:
        messages.error(request, "Choose labels that were published in this study.")
        return SeeOther(_url(found))
    numbers = {name: _whole(request.POST.get(name, "")) for name in ("n", "share", "least")}
    take = lambda: gold_from_labels(  # noqa: E731
        campaign=found,
        run=run,
        n=numbers["n"],
        share=numbers["share"] / 100,
        least=numbers["least"],
        seed=request.POST.get("seed", "") or "1",
        actor=actor_of(request),
    )
    return _take(request, found, take, "Gold items from the labels are added.")


def _take(request: HttpRequest, campaign: Campaign, step: Callable[[], object], outcome: str) -> HttpResponse:
    try:
        step()
        messages.success(request, outcome)
    except AnnotationError as error:
        messages.error(request, error.message)
    return SeeOther(_url(campaign))


def _check(request: HttpRequest, study: str, slug: str, item: str) -> tuple[Campaign, Item]:
    campaign = campaign_for(request.user, study, slug, *LEADS)
    return campaign, get_object_or_404(Item, campaign=campaign, role__in=CHECKS, public_id=item)


def _role(text: str) -> str:
    return text if text in CHECKS else ItemRole.GOLD.value


def _whole(text: str) -> int:
    """0 for what is no number: the domain says what is allowed."""
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text.strip()) else 0


def _url(campaign: Campaign) -> str:
    return reverse("annotation:screening", args=[campaign.study.slug, campaign.slug])
