"""What was said about units, line by line: models' votes and raters' answers."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.sources.base import NotImported
from pipeline.sources.fields import Fields
from pipeline.sources.records import (
    MERGED,
    Answer,
    AttributeSet,
    JudgedAttribute,
    PageAnswersRecord,
    PageRecord,
    PersonRef,
    PromptRef,
    Record,
    VotesRecord,
)
from pipeline.sources.study.context import (
    COUNTED_IN_TASK1,
    PILOT,
    PROMPTS,
    QUALITY_CAMPAIGN,
    QUOTED_IN_TASK3,
    RELEVANCE_CAMPAIGN,
    Memory,
    StudyFile,
    study_person,
)

QUALITY = {"ok": "accepted", "unsure": "uncertain", "bad": "rejected"}
NO_ANSWER = "no answer"


def votes(fields: Fields, file: StudyFile, memory: Memory) -> Iterator[Record]:
    task = file.words["task"]
    person = study_person(fields)
    prompt = PromptRef(
        PROMPTS, str(_vote_prompt(fields, person, memory) if task == "3" else fields.integer("prompt_index"))
    )
    answers = tuple(_vote(entry) for entry in fields.objects("items"))
    attributes = QUOTED_IN_TASK3 if task == "3" else MERGED
    yield VotesRecord(f"relevance_task{task}", fields.identifier("model"), person, prompt, attributes, answers)
    if task == "3":
        texts = tuple(answer.text for answer in answers)
        yield PageRecord(RELEVANCE_CAMPAIGN, fields.integer("sample_index"), person, prompt, attributes, texts)


def _vote_prompt(fields: Fields, person: PersonRef, memory: Memory) -> int:
    number = fields.integer("sample_index")
    known = memory.sample(number)
    if known.person != person.source_id:
        remedy = "one of the files of task 3 is of another sample; check which"
        raise fields.fail("user_id", f"sample {number} belongs to {known.person}", remedy, person.source_id)
    if "prompt_index" in fields:
        return fields.integer("prompt_index")
    if known.prompt is None:
        remedy = "import it with the answers (*_task3.jsonl) or task3_relevance_clf.jsonl that say"
        raise fields.fail("sample_index", "nothing says which prompt this sample is", remedy, number)
    return known.prompt


def _vote(entry: Fields) -> Answer:
    text, relevant = entry.text("attribute", blank=False), entry.optional_flag("relevant")
    if relevant is None:
        return Answer(text, None, entry.optional_text("raw_answer") or NO_ANSWER)
    return Answer(text, "yes" if relevant else "no", entry.optional_text("full_output"))


def task1_answers(fields: Fields, file: StudyFile, memory: Memory) -> Iterator[Record | NotImported]:
    index = fields.integer("index")
    person = PersonRef(PILOT, f"item-{index}")
    judged = [_quality(position, entry) for position, entry in enumerate(fields.objects("attr_judgments"))]
    yield from _page_answers(fields, memory, QUALITY_CAMPAIGN, person, None, COUNTED_IN_TASK1, judged, "overall_note")


def _quality(position: int, entry: Fields) -> JudgedAttribute:
    value = entry.optional_text("judgment")
    if value and value not in QUALITY:
        raise entry.fail("judgment", "unknown judgment", f"use one of {', '.join(QUALITY)}", value)
    return JudgedAttribute(position, None, QUALITY.get(value), entry.optional_text("note").strip())


def task3_answers(fields: Fields, file: StudyFile, memory: Memory) -> Iterator[Record | NotImported]:
    person = study_person(fields)
    prompt = PromptRef(PROMPTS, str(fields.integer("prompt_index")))
    judged = []
    for position, entry in enumerate(fields.objects("relevance_judgments")):
        relevant = entry.optional_flag("relevant")
        value = None if relevant is None else "yes" if relevant else "no"
        judged.append(JudgedAttribute(position, entry.text("attribute", blank=False), value))
    yield from _page_answers(fields, memory, RELEVANCE_CAMPAIGN, person, prompt, QUOTED_IN_TASK3, judged, "note")


def _page_answers(
    fields: Fields,
    memory: Memory,
    campaign: str,
    person: PersonRef,
    prompt: PromptRef | None,
    attributes: AttributeSet,
    judged: list[JudgedAttribute],
    note: str,
) -> Iterator[Record | NotImported]:
    left_open = sum(entry.value is None for entry in judged)
    if left_open:
        yield NotImported("questions that a rater left open (null is no judgment)", left_open)
    if left_open == len(judged):
        yield NotImported(f"pages without any answer ({campaign})")
        return
    rater = fields.identifier("annotator")
    yield PageAnswersRecord(
        campaign=campaign,
        index=fields.integer("index"),
        person=person,
        prompt=prompt,
        attributes=attributes,
        rater=rater,
        group=memory.groups.get(rater, ""),
        judged=tuple(judged),
        submitted_at=fields.time("timestamp"),
        note=fields.optional_text(note).strip(),
        missing=fields.optional_text("missing_attrs").strip(),
        flagged=bool(fields.optional_flag("flagged")),
    )


def task2_answers(fields: Fields, file: StudyFile, memory: Memory) -> Iterator[NotImported]:
    count = len(fields.objects("relevance_judgments"))
    if count:
        yield NotImported("answers of task 2 (a five-point scale that no instrument has)", count)
