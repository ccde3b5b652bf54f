"""What stands before the work and after it: information, quiz, practice, ends, and a recruiter's door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from annotation.domain.consenting import Wording, answer_consent, write_form
from annotation.domain.finishing import end_rater
from annotation.domain.recruiting.believing import Believed
from annotation.domain.recruiting.launching import launch_participant
from annotation.domain.recruiting.setup import OUTCOMES, RecruitmentSettings, set_up_recruitment
from annotation.domain.rules import rules_of, set_rules
from annotation.domain.screening.making import make_check_item
from annotation.domain.screening.quiz import QuizPlan, add_quiz_questions
from annotation.enums import ItemRole, LaunchCheck, RaterGate, RaterOutcome, RecruiterName
from annotation.models import Campaign, Participant, Rater
from pipeline.enums import InstrumentName
from studies.enums import Role
from studies.models import User
from tests import factories
from tests.gallery import texts
from tests.gallery.walking import View
from tests.gallery.world import Place, World, at, user_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

WORDING = Wording(
    minutes=40,
    pay="£9.00 an hour, paid by Prolific",
    contact="Ada Figueroa, figs@study.example",
    information="You read **chats** of people you do not know, and say which statements about them make sense.\n\n"
    + "What you answer is kept under a name that says nothing about you. " * 4,
    statement="I have read this, I am of age, and I take part of my own free will.",
    warning="Chats can be crude, and some speak of illness. You may skip any of them.",
)
QUIZ = (
    QuizPlan(
        "By what do you judge a statement?", ("By the chats alone", "By what I know", "By a guess"), 0, "Only those."
    ),
    QuizPlan("A chat is hard to take. You may", ("skip it", "not skip it"), 0, "Skipping costs nothing."),
)


def guarded(world: World, instrument: str = InstrumentName.RELEVANCE, **rules: Any) -> tuple[Campaign, User]:
    """A campaign with everything that can stand before its work, and its lead."""
    lead = world.user(Role.LEAD)
    number = Campaign.objects.count()
    campaign = factories.make_campaign(
        world.study, slug=f"guarded-{number}", instrument=instrument, n_items=3, n_questions=2, title="Balcony gardens"
    )
    pilot = factories.make_campaign(
        world.study, slug=f"pilot-{number}", instrument=instrument, n_items=2, state="draft"
    )
    practice, entrance = pilot.items.order_by("position")
    right = [factories.ANY_ANSWER[InstrumentName(instrument)]]
    words: dict[str, Any] = {"campaign": campaign, "actor": lead}
    make_check_item(
        source=practice, role=ItemRole.TRAINING, expected={0: right}, feedback={0: texts.LONG_TITLE}, **words
    )
    make_check_item(source=entrance, role=ItemRole.QUALIFICATION, expected={0: right}, **words)
    add_quiz_questions(campaign=campaign, plans=QUIZ, actor=lead)
    form = write_form(study=world.study, actor=lead, wording=WORDING)
    return set_rules(
        campaign=campaign, actor=lead, rules=replace(rules_of(campaign), consent_form=form.pk, **rules)
    ), lead


def newcomer(world: World, **rules: Any) -> Rater:
    return factories.make_rater(guarded(world, **rules)[0], world.user())


def agreed(world: World) -> Rater:
    rater = newcomer(world)
    assert rater.campaign.consent_form
    answer_consent(rater=rater, form=rater.campaign.consent_form, agreed=True)
    return Rater.objects.get(pk=rater.pk)


def page_of(name: str, make: Callable[[World], Rater]) -> Callable[[World], Place]:
    def open_page(world: World) -> Place:
        rater = make(world)
        return at(name, rater.campaign.public_id, user=user_of(rater))

    return open_page


def declined(world: World) -> Rater:
    rater = newcomer(world)
    assert rater.campaign.consent_form
    answer_consent(rater=rater, form=rater.campaign.consent_form, agreed=False)
    return rater


def quiz_failed(page: Page) -> None:
    for fieldset in page.locator("main fieldset").all():
        wrong = fieldset.locator("label").filter(has_not_text="chats alone").filter(has_not_text="skip it").first
        (wrong if wrong.count() else fieldset.locator("label").first).click()
    page.get_by_role("button").last.click()
    page.wait_for_load_state()


def feedback(world: World) -> Place:
    """After a practice item that was answered otherwise than expected."""
    rater = agreed(world)
    Rater.objects.filter(pk=rater.pk).update(gate="training")
    held = factories.claim(Rater.objects.get(pk=rater.pk))
    return at("feedback", factories.submit(held, "no").token, user=user_of(rater))


def recruited(world: World, outcome: str, instrument: str = InstrumentName.RELEVANCE) -> Rater:
    """Somebody whom Prolific sent, at the end of their part."""
    campaign, lead = guarded(world, instrument)
    recruit(campaign, lead)
    rater = factories.make_rater(campaign, world.user())
    Participant.objects.filter(pk=rater.participant_id).update(recruiter=RecruiterName.PROLIFIC)
    if outcome == RaterOutcome.COMPLETED:
        Rater.objects.filter(pk=rater.pk).update(gate="")
        factories.submit(factories.claim(rater))
    return end_rater(rater=Rater.objects.get(pk=rater.pk), outcome=RaterOutcome(outcome))


def recruit(campaign: Campaign, lead: User) -> None:
    settings = RecruitmentSettings(study_id=f"{campaign.pk:024x}", launch_check=LaunchCheck.SIGNED)
    codes = {str(outcome): f"CODE-{number}" for number, outcome in enumerate(OUTCOMES)}
    set_up_recruitment(campaign=campaign, settings=settings, codes=codes, actor=lead)


def approvals(campaign: Campaign, lead: User) -> None:
    """Two came: one is complete, one at work."""
    recruit(campaign, lead)
    for number in range(2):
        believed = Believed(f"{campaign.pk:020x}{number:04x}", f"{campaign.pk:020x}{number + 8:04x}")
        rater = launch_participant(recruitment=campaign.recruitment, believed=believed).rater
        if not number:
            end_rater(rater=rater, outcome=RaterOutcome.COMPLETED)


def ended(outcome: str, instrument: str = InstrumentName.RELEVANCE) -> Callable[[World], Place]:
    return page_of("rate", lambda world: recruited(world, outcome, instrument))


def launch(world: World) -> Place:
    """Without a token that can be believed."""
    campaign, lead = guarded(world)
    recruit(campaign, lead)
    return Place(f"/r/{campaign.recruitment.public_id}/?PROLIFIC_PID=x&prolific_token=y.y.y")


def told(page: Page) -> None:
    page.get_by_label("Often").check()
    page.get_by_role("button", name="Save this answer").click()
    page.get_by_text("Your answer to the last question is stored").wait_for()


def home_with_steps(world: World) -> Place:
    """A rater who stands at each of the gates, and one who has done enough for today."""
    user = world.user()
    for gate in (RaterGate.CONSENT, RaterGate.QUIZ, RaterGate.TRAINING, RaterGate.QUALIFICATION):
        rater = factories.make_rater(guarded(world)[0], user)
        Rater.objects.filter(pk=rater.pk).update(gate=gate)
    enough = factories.make_campaign(world.study, title="A little every day", max_items_day=1, time_zone="Asia/Tokyo")
    factories.submit(factories.claim(factories.make_rater(enough, user)))
    return Place("/", user)


def for_lead(path: str, prepare: Callable[[Campaign, User], None] | None = None) -> Callable[[World], Place]:
    def open_page(world: World) -> Place:
        campaign, lead = guarded(world)
        if prepare:
            prepare(campaign, lead)
        return Place(f"/s/{world.study.slug}/c/{campaign.slug}/{path}", lead)

    return open_page


def new_check(world: World) -> Place:
    campaign, lead = guarded(world)
    item = campaign.items.filter(role=ItemRole.WORK)[0]
    return Place(f"/s/{world.study.slug}/c/{campaign.slug}/screening/new/{item.public_id}/?role=gold", lead)


def rules_refused(page: Page) -> None:
    page.locator("[name=time_zone]").evaluate("each => { each.value = 'Nowhere/Atall' }")
    page.locator("[name=check_every]").fill("1")
    page.locator("form[action$='change/'] button").last.click()
    page.wait_for_load_state()


def with_remarks(world: World) -> Place:
    return Place("/s/rich/c/quality/remarks/", world.rich.lead)


def consent_forms(world: World) -> Place:
    _, lead = guarded(world)
    return Place(f"/s/{world.study.slug}/consent-forms/", lead)


JOINING_VIEWS = (
    View("begin", page_of("begin", newcomer)),
    View("begin-declined", page_of("begin", declined)),
    View("begin-too-narrow", page_of("begin", lambda world: newcomer(world, min_width=2000))),
    View("home-next-steps", home_with_steps),
    View("instructions", page_of("instructions", agreed)),
    View("quiz", page_of("quiz", agreed)),
    View("quiz-failed", page_of("quiz", agreed), quiz_failed),
    View("feedback", feedback),
    View("end-completed", ended("completed")),
    View("end-closing", ended("completed", InstrumentName.PREFERENCE)),
    View("end-closing-told", ended("completed", InstrumentName.PREFERENCE), told),
    View("end-screened-out", ended("screened_out")),
    View("end-no-consent", ended("no_consent")),
    View("launch-refused", launch, status=403),
    View("rules", for_lead("rules/")),
    View("rules-refused", for_lead("rules/"), rules_refused),
    View("screening", for_lead("screening/")),
    View("screening-pick", for_lead("screening/pick/")),
    View("screening-new", new_check),
    View("recruitment-empty", for_lead("recruitment/")),
    View("recruitment", for_lead("recruitment/", recruit)),
    View("recruitment-approve", for_lead("recruitment/approve/", approvals)),
    View("remarks", with_remarks),
    View("consent-forms", consent_forms),
)
