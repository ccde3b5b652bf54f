"""A study that has one of everything a release must carry, and secrets that it must not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from annotation.domain.assignment import claim_assignment, expire_leases, return_assignment
from annotation.domain.consenting import Wording, write_form
from annotation.domain.joining import enroll_simulated, import_rater, join_campaign
from annotation.domain.judging import Answer, RemarkInput, Submission, revise_assignment, save_draft, submit_assignment
from annotation.domain.labelling import publish_labels
from annotation.domain.withdrawing import exclude_rater, readmit_rater, withdraw_rater
from annotation.enums import AssignmentState, CampaignState, CouldTell, ItemRole, Origin, RaterOutcome, RemarkKind
from annotation.models import (
    Assignment,
    Campaign,
    Closing,
    Consent,
    Demographic,
    Judgment,
    Participant,
    Question,
    Rater,
    Remark,
    Revision,
)
from pipeline.enums import Condition, CorpusKind, InstrumentName, MaskKind, RunState, Stage
from pipeline.models import (
    REASON,
    STATEMENT,
    Attribute,
    AttributeOrigin,
    Evidence,
    Finding,
    GivenAttribute,
    Mask,
    Person,
    Response,
    ResponsePair,
    Run,
    RunInput,
    SampledPerson,
    Vote,
)
from studies.enums import Role
from studies.models import Study, User
from tests import factories

MAIL = "secret.mail@nowhere.example"
NEVER_RELEASED = (
    "secret-login",
    MAIL,
    "Secretname",
    "secret-person-id",
    "secret-rater-id",
    "secret-recruiter-id",
    "secret-draft",
    "secret-profession",
    "http://secret-host:8000",
)
MOMENT = datetime(2025, 12, 31, 23, 59, 59, 120_003, tzinfo=UTC)
WEIRD = 'Zoë läuft 5 km\u2028 — "täglich"\r\n\t\\ 日本語 🎈 <b>&amp;</b>'


@dataclass(frozen=True)
class RichStudy:
    study: Study
    lead: User
    people: tuple[Person, ...]
    quality: Campaign
    relevance: Campaign
    preference: Campaign
    historic: Campaign
    simulated: Campaign


def build_rich_study(slug: str = "rich") -> RichStudy:
    study = factories.make_study(slug, title="Rich — и всё", description="One of everything.")
    lead = factories.make_member(study, Role.LEAD, f"{slug}-lead")
    people = _people(study)
    imported = Run.objects.get(study=study, stage=Stage.IMPORT)
    _attributes(study, people, imported)
    _masked_chat(study, people[1])
    _shared_generic(study, people)
    campaigns = {
        "quality": _quality_campaign(study, lead),
        "relevance": _relevance_campaign(study, lead),
        "preference": _preference_campaign(study),
        "historic": _historic_campaign(study),
        "simulated": _simulated_campaign(study),
    }
    _votes(campaigns["quality"], campaigns["relevance"], campaigns["preference"])
    _taking_part(study, lead, campaigns["relevance"], campaigns["preference"])
    _masked_words(study, campaigns["quality"])
    for name in ("quality", "relevance", "historic"):
        publish_labels(campaign=campaigns[name], actor=lead)
    return RichStudy(study=study, lead=lead, people=people, **campaigns)


def _people(study: Study) -> tuple[Person, ...]:
    """The same source id in two corpora; one conversation with a time, text of every kind."""
    run = factories.make_run(study, Stage.IMPORT, model_name="", parameters={"source": "study", "ä": [1.5, None]})
    chats = factories.make_corpus(study, "chats", licence="CC BY 4.0", provenance="Written\nfor tests.")
    personas = factories.make_corpus(study, "personas", kind=CorpusKind.SYNTHETIC)
    people = (
        factories.make_person(chats, "secret-person-id"),
        factories.make_person(personas, "secret-person-id"),
        factories.make_person(chats),
    )
    for person in people:
        factories.make_conversation(person, run)
    turns = [{"role": "user", "content": WEIRD}, {"role": "assistant", "content": ""}]
    chat = factories.make_conversation(people[0], run, turns)
    chat.started_at, chat.language, chat.model_name = MOMENT, "de", "chat-model"
    chat.toxic, chat.redacted = False, True
    chat.save()
    selection = factories.make_run(study, Stage.PEOPLE, outcome={"funnel": [{"step": "ä", "people": 3}], "a": 0.5})
    for place, person in enumerate(reversed(people[:2])):
        SampledPerson.objects.create(run=selection, person=person, position=place)
    return people


def _attributes(study: Study, people: tuple[Person, ...], imported: Run) -> None:
    """A chain of three runs: extracted, merged, refined; evidence as turn and as spans; a text nobody gave us."""
    extract = factories.make_run(study, Stage.EXTRACT, parameters={"b": 1, "a": {"temperature": 0.8}})
    Run.objects.filter(pk=extract.pk).update(
        backend_options={"url": "http://secret-host:8000"}, started_at=MOMENT, finished_at=MOMENT + timedelta(hours=1)
    )
    merge = factories.make_run(study, Stage.MERGE, model_name="", code_version="0.1.0")
    refine = factories.make_run(study, Stage.REFINE, state=RunState.INCOMPLETE, n_units=3, n_done=2, n_failed=1)
    for run, source in ((extract, imported), (merge, extract), (refine, merge)):
        RunInput.objects.create(run=run, source=source)
    person = people[0]
    raw = [
        factories.make_attribute(person, extract, text, confidence=confidence, reason=WEIRD)
        for text, confidence in (("Runs daily.", 0.1 + 0.2), (WEIRD, 1.0), (None, None))
    ]
    merged = factories.make_attribute(person, merge, "Runs.")
    refined = factories.make_attribute(person, refine, "Runs every day.")
    for position, original in enumerate((raw[1], raw[0])):
        AttributeOrigin.objects.create(attribute=merged, source=original, position=position)
    AttributeOrigin.objects.create(attribute=refined, source=merged, position=0)
    chat = person.conversations.get(model_name="chat-model")
    for turn, start, end in ((0, None, None), (0, 5, 9), (0, 0, 3), (1, None, None)):
        Evidence.objects.create(attribute=raw[0], conversation=chat, turn=turn, start=start, end=end)


def _masked_chat(study: Study, person: Person) -> None:
    """An address that two runs masked, with evidence before it, twice within it, across its end, and after it."""
    text = "Mail secret.mail@nowhere.example: I run daily."
    turns = [{"role": "user", "content": "Hello."}, {"role": "user", "content": text}]
    chat = factories.make_conversation(person, Run.objects.get(study=study, stage=Stage.IMPORT), turns)
    for end in (32, 28):
        mask = factories.make_run(study, Stage.MASK, parameters={"end": end})
        Mask.objects.create(run=mask, conversation=chat, turn=1, start=5, end=end, kind=MaskKind.EMAIL)
    run = factories.make_run(study, Stage.EVIDENCE)
    attribute = factories.make_attribute(person, run, "Mails others.")
    for start, end in ((0, 4), (5, 11), (12, 20), (21, 46), (34, 46)):
        Evidence.objects.create(attribute=attribute, conversation=chat, turn=1, start=start, end=end)


def _shared_generic(study: Study, people: tuple[Person, ...]) -> None:
    """One generic response in the pairs of two people, each with a personalized one that was given attributes."""
    run = factories.make_run(study, Stage.RESPOND)
    prompt = factories.make_prompt(study, WEIRD, people[:2])
    common = {"run": run, "prompt": prompt, "generator": "model-a"}
    generic = Response.objects.create(condition=Condition.GENERIC, text="For everybody.", **common)
    mask = factories.make_run(study, Stage.MASK, parameters={"of": "texts"})
    for text in ({"prompt": prompt}, {"response": generic}):
        Mask.objects.create(run=mask, start=0, end=3, kind=MaskKind.NAME, **text)
    for person in people[:2]:
        own = Response.objects.create(condition=Condition.PERSONALIZED, person=person, text=WEIRD, **common)
        for position, attribute in enumerate(person.attributes.order_by("-pk")[:2]):
            GivenAttribute.objects.create(response=own, attribute=attribute, position=position)
        ResponsePair.objects.create(
            person=person, prompt=prompt, generator="model-a", generic=generic, personalized=own
        )


def _submit(assignment: Assignment, values: list[str], **fields: object) -> Assignment:
    reason = {"rejected": "no_evidence"}
    answers = {place: Answer(value, reason.get(value, "")) for place, value in enumerate(values)}
    submission = Submission(key=f"key-{assignment.pk}", answers=answers, **fields)  # type: ignore[arg-type]
    return submit_assignment(assignment=assignment, submission=submission).assignment


def _quality_campaign(study: Study, lead: User) -> Campaign:
    """Remarks, an edit, an excluded rater, a draft, a returned and a held place, a rater who is the person judged."""
    campaign = factories.make_campaign(
        study, instrument=InstrumentName.ATTRIBUTE_QUALITY, slug="quality", n_questions=2, n_items=2, title="Qualität"
    )
    first, second, third, fourth = (factories.make_rater(campaign) for _ in range(4))
    Participant.objects.filter(pk=first.participant_id).update(
        person=Person.objects.filter(corpus__study=study).first()
    )
    remarks = (
        RemarkInput(RemarkKind.NOTE, WEIRD, place=1),
        RemarkInput(RemarkKind.MISSING_ATTRIBUTE, "Sings."),
        RemarkInput(RemarkKind.MISSING_ATTRIBUTE, "Cooks."),
        RemarkInput(RemarkKind.FLAG, "Odd."),
    )
    done = _submit(factories.claim(first), ["accepted", "rejected"], remarks=remarks, seconds=12.25)
    edited = {0: Answer("uncertain", "overgeneralized"), 1: Answer("rejected", "no_evidence")}
    revise_assignment(assignment=done, submission=Submission(key="edit", answers=edited))
    revise_assignment(assignment=done, submission=Submission(key="again", answers=edited | {0: Answer("accepted")}))
    _submit(factories.claim(second), ["uncertain", "accepted"])
    exclude_rater(rater=second, reason="answers at random", actor=lead)
    return_assignment(assignment=factories.claim(third))
    save_draft(assignment=factories.claim(fourth), place=0, answer=Answer("rejected"))
    return campaign


def _relevance_campaign(study: Study, lead: User) -> Campaign:
    """K = 2: a tie; gold beside work; a late answer that became surplus; a rater who left and was erased."""
    campaign = factories.make_campaign(study, slug="relevance", k=2, n_items=1, n_questions=3)
    factories.make_item(campaign, 1, role=ItemRole.GOLD)
    late = factories.make_rater(campaign, _secret_user(study))
    held = factories.claim(late)
    Assignment.objects.filter(pk=held.pk).update(lease_until=MOMENT)
    expire_leases(campaign=campaign)
    for values in (["yes", "yes", "no"], ["no", "yes", "no"]):
        _submit(factories.claim(factories.make_rater(campaign)), values)
    _submit(Assignment.objects.get(pk=held.pk), ["yes", "no", "no"])
    assert Assignment.objects.get(pk=held.pk).state == AssignmentState.SURPLUS
    _gold_answers(campaign, late)
    _leave_erased(study, lead)
    return campaign


def _secret_user(study: Study) -> User:
    user = factories.make_member(study, Role.RATER, f"secret-login-{study.slug}")
    user.email, user.first_name = "secret.mail@nowhere.example", "Secretname"
    user.save()
    return user


def _gold_answers(campaign: Campaign, rater: Rater) -> None:
    """Answers to the gold item, which has no seats to claim."""
    item = campaign.items.get(role=ItemRole.GOLD)
    assignment = Assignment.objects.create(
        campaign=campaign,
        item=item,
        rater=rater,
        state=AssignmentState.SUBMITTED,
        order=[1, 0],
        claimed_at=MOMENT,
        submitted_at=MOMENT + timedelta(seconds=30),
    )
    for question in item.questions.all():
        judgment = Judgment.objects.create(
            question=question,
            rater=rater,
            assignment=assignment,
            instrument=campaign.instrument,
            value="yes",
            made_at=MOMENT,
        )
        Revision.objects.create(judgment=judgment, number=1, value="yes", made_at=MOMENT)


def _leave_erased(study: Study, lead: User) -> None:
    """A second relevance campaign that somebody left, taking their answers along."""
    campaign = factories.make_campaign(study, slug="left", n_items=1)
    leaver, stayer = factories.make_rater(campaign), factories.make_rater(campaign)
    remarks = (RemarkInput(RemarkKind.NOTE, "secret-draft"),)
    _submit(factories.claim(leaver), ["yes", "no"], remarks=remarks)
    _submit(factories.claim(stayer), ["yes", "yes"])
    withdraw_rater(rater=leaver, erase=True, actor=lead)


def _preference_campaign(study: Study) -> Campaign:
    campaign = factories.make_campaign(study, instrument=InstrumentName.PREFERENCE, slug="preference", n_items=1)
    for values in (["1", "5"], ["3", "4"], ["2", "2"]):
        _submit(factories.claim(factories.make_rater(campaign)), values, seconds=0.1)
    assert claim_assignment(rater=factories.make_rater(campaign)) is None
    return campaign


def _historic_campaign(study: Study) -> Campaign:
    """Answers from elsewhere: no seats, no order, a null that is no judgment, a tie."""
    campaign = factories.make_campaign(
        study, slug="historic", origin=Origin.IMPORTED, state=CampaignState.CLOSED, n_items=1, n_questions=3
    )
    item = campaign.items.get()
    for source_id, group, values in (("secret-rater-id", "crowd", "yy"), ("b", "team", "ny"), ("c", "", "n")):
        rater = import_rater(campaign=campaign, source_id=source_id, group=group)
        assignment = Assignment.objects.create(
            campaign=campaign, item=item, rater=rater, state=AssignmentState.SUBMITTED, submitted_at=MOMENT
        )
        for question, letter in zip(item.questions.all(), values, strict=False):
            value = {"y": "yes", "n": "no"}[letter]
            judgment = Judgment.objects.create(
                question=question,
                rater=rater,
                assignment=assignment,
                instrument=campaign.instrument,
                value=value,
                made_at=MOMENT,
            )
            Revision.objects.create(judgment=judgment, number=1, value=value, made_at=MOMENT)
    return campaign


def _simulated_campaign(study: Study) -> Campaign:
    campaign = factories.make_campaign(study, slug="simulated", origin=Origin.SIMULATED, n_items=1)
    user = factories.make_user(f"robot-{study.slug}")
    participant = enroll_simulated(study=study, user=user)
    factories.submit(factories.claim(join_campaign(user=user, campaign=campaign)))
    Participant.objects.filter(pk=participant.pk).update(
        recruiter="robots", recruiter_id_hash="secret-recruiter-id", recruiter_id_encrypted=b"secret-recruiter-id"
    )
    return campaign


def _taking_part(study: Study, lead: User, relevance: Campaign, preference: Campaign) -> None:
    """Two wordings of the consent, agreed to, declined and withdrawn; what raters said at the end, and one of them no
    more; somebody let in again; demographics, some of which would single people out."""
    wording = {"pay": "£9", "contact": "us@lab.example", "information": WEIRD, "statement": "I agree."}
    forms = [write_form(study=study, actor=lead, wording=Wording(minutes=minutes, **wording)) for minutes in (20, 30)]
    Campaign.objects.filter(pk=relevance.pk).update(consent_form=forms[1])
    raters = list(relevance.raters.order_by("pk"))
    for form in forms:
        Consent.objects.create(rater=raters[0], form=form, agreed=True, answered_at=MOMENT)
    Consent.objects.create(rater=raters[1], form=forms[1], agreed=False, answered_at=MOMENT)
    Consent.objects.filter(rater=raters[0], form=forms[0]).update(withdrawn_at=MOMENT + timedelta(days=1))
    done = list(preference.raters.order_by("pk")[:2])
    Rater.objects.filter(pk=done[0].pk).update(outcome=RaterOutcome.COMPLETED, outcome_at=MOMENT)
    Closing.objects.create(rater=done[0], could_tell=CouldTell.SOMETIMES, how=WEIRD, made_at=MOMENT)
    Closing.objects.create(rater=done[1], made_at=MOMENT, erased_at=MOMENT + timedelta(days=1))
    exclude_rater(rater=done[1], reason="by mistake", actor=lead)
    readmit_rater(rater=done[1], reason="it was one", actor=lead)
    people = Participant.objects.filter(study=study, kind=Origin.HUMAN).order_by("pk")
    for number, participant in enumerate(people):
        Demographic.objects.create(participant=participant, field="sex", value="female" if number % 2 else "male")
        Demographic.objects.create(participant=participant, field="country", value="DE" if number > 5 else "UK")
        Demographic.objects.create(
            participant=participant, field="työ", value="secret-profession" if number == 3 else WEIRD
        )


def _masked_words(study: Study, quality: Campaign) -> None:
    """An address in what an attribute states, asked of raters, and in its reason; and in what a rater wrote."""
    attribute = quality.items.order_by("position")[0].questions.all()[0].attribute
    stated = f"Writes from {MAIL}."
    Attribute.objects.filter(pk=attribute.pk).update(text=stated, reason=f"{MAIL} wrote.")
    Question.objects.filter(attribute=attribute).update(text=stated)
    run = factories.make_run(study, Stage.MASK, parameters={"of": "attributes"})
    for place, start in ((STATEMENT, 12), (REASON, 0)):
        Mask.objects.create(
            run=run, attribute=attribute, turn=place, start=start, end=start + len(MAIL), kind=MaskKind.EMAIL
        )
    for words in (Remark.objects.filter(assignment__campaign__study=study), Closing.objects.all()):
        words.update(looked_with="rules")
    odd = Remark.objects.filter(assignment__campaign=quality, text="Odd.")
    odd.update(text=f"Ask {MAIL}: odd.", masks=[[4, 4 + len(MAIL), "email"]])


def _votes(quality: Campaign, relevance: Campaign, preference: Campaign) -> None:
    """A model with answers and one that could not be parsed, a baseline with scores, a judge in both orders, findings
    of either kind."""
    study = relevance.study
    model = factories.make_run(study, Stage.SELECT, model_name="model-b", model_revision="rev/1")
    baseline = factories.make_run(study, Stage.SELECT, model_name="bm25", backend="baselines")
    judge = factories.make_run(study, Stage.JUDGE, model_name="model-c")
    for number, question in enumerate(relevance.items.get(role=ItemRole.WORK).questions.all()):
        unit = _unit_of(question)
        parsed = {"value": "yes"} if number else {"value": None, "status": "unparseable", "reason": WEIRD}
        Vote.objects.create(run=model, **unit, **parsed)
        Vote.objects.create(run=baseline, **unit, value="no", raw_score=number * 1e-7 + 1 / 3)
    question = preference.items.get().questions.all()[0]
    for side, value in (("left", "1"), ("right", "5")):
        Vote.objects.create(run=judge, **_unit_of(question), side=side, value=value)
    mention = factories.make_run(study, Stage.MENTION, model_name="model-c")
    Finding.objects.create(run=mention, **_unit_of(question), kind="mention", value="yes", reason=WEIRD)
    why = factories.make_run(study, Stage.WHY, model_name="model-c")
    for number, rejected in enumerate(quality.items.filter(role=ItemRole.WORK)[0].questions.all()):
        found = {"value": "no_evidence"} if number else {"status": "unparseable", "reason": "?"}
        Finding.objects.create(run=why, **_unit_of(rejected), kind="failure", **found)


def _unit_of(question: object) -> dict[str, object]:
    names = ("instrument", "attribute", "prompt", "pair", "unit_key")
    return {name: getattr(question, name) for name in names}
