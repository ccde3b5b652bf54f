"""The study's material line by line: conversations, profiles, evidence, prompts, labels, pairs, responses."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.sources.base import NotImported
from pipeline.sources.fields import FieldError, Fields, objects_in
from pipeline.sources.records import (
    MERGED,
    ConversationRecord,
    EvidencePlace,
    EvidenceRecord,
    LabelsRecord,
    Merged,
    Original,
    PairRecord,
    PersonRef,
    ProfileRecord,
    PromptRecord,
    PromptRef,
    PublishedLabel,
    Record,
    ResponseRecord,
    Turn,
)
from pipeline.sources.study.context import (
    PROMPTS,
    QUOTED_IN_TASK3,
    STUDY_PEOPLE,
    Memory,
    StudyFile,
    study_person,
)

ROLES = ("user", "assistant", "system")
GENERIC, WITH_RELEVANT = "no_context", "gt_attributes"


def personas(fields: Fields, file: StudyFile, memory: Memory) -> Iterator[Record]:
    """One conversation, or a list of them with a list of hashes."""
    try:
        person = PersonRef(file.words["corpus"], fields.identifier("hashed_ip"))
    except FieldError:
        memory.lost.add(file.words["corpus"])
        raise
    first = memory.positions[person]
    memory.positions[person] += 1
    values = fields.entries("conversation")
    if not values or not isinstance(values[0], list):
        chats, hashes = [values], [fields.identifier("conversation_hash")]
    else:
        chats, hashes = values, fields.identifiers("conversation_hash")
        memory.positions[person] += len(chats) - 1
    if len(chats) != len(hashes):
        remedy = "give one hash for each conversation"
        raise fields.fail("conversation_hash", f"{len(hashes)} hashes for {len(chats)} conversations", remedy, hashes)
    for offset, (chat, name) in enumerate(zip(chats, hashes, strict=True)):
        path = fields.path("conversation") if chat is values else f"{fields.path('conversation')}[{offset}]"
        yield ConversationRecord(person, name, first + offset, _turns(path, chat))


def _turns(path: str, chat: object) -> tuple[Turn, ...]:
    if not isinstance(chat, list) or not chat:
        raise FieldError(path, "not a list of turns", "write at least one turn of role and content", chat)
    turns = []
    for entry in objects_in(path, chat):
        role = entry.text("role")
        if role not in ROLES:
            raise entry.fail("role", "unknown role", f"use one of {', '.join(ROLES)}", role)
        turns.append(Turn(role, entry.text("content")))
    return tuple(turns)


def profiles(fields: Fields, file: StudyFile, memory: Memory) -> Iterator[Record]:
    person = PersonRef(file.words["corpus"], fields.identifier("user_id"))
    yield ProfileRecord(person, _profile(fields.objects("merged_attributes")))


def _profile(entries: list[Fields]) -> tuple[Merged, ...]:
    return tuple(
        Merged(
            entry.text("attribute", blank=False),
            entry.optional_text("reason"),
            entry.optional_share("confidence"),
            _originals(entry),
        )
        for entry in entries
    )


def _originals(entry: Fields) -> tuple[Original, ...]:
    if "original_attributes" not in entry:
        return ()
    texts = entry.texts("original_attributes")
    reasons = entry.texts("original_reasons") if "original_reasons" in entry else [""] * len(texts)
    shares = entry.shares("original_confidences") if "original_confidences" in entry else [None] * len(texts)
    if not len(texts) == len(reasons) == len(shares):
        found = f"{len(texts)} attributes, {len(reasons)} reasons, {len(shares)} confidences"
        raise entry.fail("original_attributes", f"lists of different length: {found}", "give one of each per original")
    return tuple(Original(*parts) for parts in zip(texts, reasons, shares, strict=True))


def evidence(fields: Fields, file: StudyFile, memory: Memory) -> Iterator[Record | NotImported]:
    corpus = fields.identifier("source")
    person = PersonRef(corpus, fields.identifier("user_id"))
    if corpus in memory.lost:
        yield NotImported("evidence of people in a corpus with unreadable lines (its places cannot be trusted)")
        return
    yield EvidenceRecord(person, tuple(_place(entry) for entry in fields.objects("evidence")))


def _place(entry: Fields) -> EvidencePlace | None:
    if "conv_idx" not in entry:
        return None
    turns = entry.entries("turn_idxs")
    for turn in turns:
        if isinstance(turn, bool) or not isinstance(turn, int) or turn < 0:
            raise entry.fail("turn_idxs", "not whole numbers from 0", "write places such as [0, 2]", turns)
    return EvidencePlace(entry.integer("conv_idx"), tuple(dict.fromkeys(turns)))


def prompts(fields: Fields, file: StudyFile, memory: Memory) -> Iterator[Record]:
    corpus = file.words["corpus"]
    people = tuple(PersonRef(corpus, person) for person in fields.identifiers("user_ids"))
    yield PromptRecord(PromptRef(corpus, fields.identifier("prompt_index")), _prompt_text(fields), people)


def _prompt_text(fields: Fields) -> str:
    return fields.text("prompt_text", blank=False)


def _lima(fields: Fields, person: PersonRef | None) -> PromptRecord:
    prompt = PromptRef(PROMPTS, str(fields.integer("prompt_index")))
    return PromptRecord(prompt, _prompt_text(fields), (person,) if person else ())


def task5(fields: Fields, file: StudyFile, memory: Memory) -> Iterator[Record | NotImported]:
    person = study_person(fields)
    yield _lima(fields, person)
    yield ProfileRecord(person, _profile(fields.objects("profile_attributes")))
    proposed = len(fields.entries("items")) if "items" in fields else 0
    if proposed:
        yield NotImported("relevances proposed by an unnamed model (task 5, items)", proposed)


def clf(fields: Fields, file: StudyFile, memory: Memory) -> Iterator[Record]:
    number = fields.integer("sample_index")
    source_id = memory.sample(number).person
    if source_id is None:
        remedy = "import it with the votes (relevance_task3/) or answers (*_task3.jsonl) that say"
        raise fields.fail("sample_index", "nothing says whose sample this is", remedy, number)
    person = PersonRef(STUDY_PEOPLE, source_id)
    prompt = _lima(fields, person)
    yield prompt
    yes, rate = fields.integer("label"), fields.optional_share("human_yes_rate")
    if yes not in (0, 1):
        raise fields.fail("label", "neither 0 nor 1", "write 0 for no and 1 for yes", yes)
    n = fields.integer("n_annotators") if rate is not None else 0
    share = 0.0 if rate is None else rate if yes else 1 - rate
    label = PublishedLabel(fields.text("attribute", blank=False), "yes" if yes else "no", n, share)
    split = fields.optional_text("split")
    yield LabelsRecord("task3", split, person, prompt.prompt, QUOTED_IN_TASK3, (label,))


def task6(fields: Fields, file: StudyFile, memory: Memory) -> Iterator[Record]:
    person = study_person(fields)
    prompt = PromptRef(PROMPTS, _index_in_prompt_id(fields, person))
    entries = [
        (entry.text("attribute", blank=False), entry.flag("is_relevant")) for entry in fields.objects("attributes")
    ]
    yield PromptRecord(prompt, _prompt_text(fields), (person,))
    labels = tuple(PublishedLabel(text, "yes" if relevant else "no", 0, 0.0) for text, relevant in entries)
    yield LabelsRecord("task6", "", person, prompt, MERGED, labels)
    yield PairRecord(
        generator=fields.identifier("model_tag"),
        person=person,
        prompt=prompt,
        generic=fields.text("response_no_context"),
        generic_mode=GENERIC,
        personalized=fields.text("response_personalized"),
        personalized_mode=WITH_RELEVANT,
        given=tuple(text for text, relevant in entries if relevant),
    )


def _index_in_prompt_id(fields: Fields, person: PersonRef) -> str:
    """``<user_id>_<prompt_index>``."""
    value = fields.identifier("prompt_id")
    owner, _, index = value.rpartition("_")
    if owner != person.source_id or not index.isdecimal():
        raise fields.fail("prompt_id", "not <user_id>_<prompt_index>", "check that the record's ids agree", value)
    return str(int(index))


def responses(fields: Fields, file: StudyFile, memory: Memory) -> Iterator[Record]:
    person = study_person(fields)
    prompt = _lima(fields, person)
    mode = fields.text("mode")
    if mode != file.words["mode"]:
        raise fields.fail("mode", f"the file is named for {file.words['mode']}", "put it in the file of its mode", mode)
    yield prompt
    text, model = fields.text("response"), fields.identifier("model")
    yield ResponseRecord(model, mode, mode != GENERIC, person, prompt.prompt, text)
