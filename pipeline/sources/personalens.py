"""Source ``personalens``: PersonaLens' folders of people and lists of tasks. The repository has no dialogues.

What a person intends in a task (``User Intent``) is a prompt put to that person; the tasks of a domain's list are
prompts put to nobody yet. Profiles are the benchmark's truth, no run's inference: counted, not imported.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.sources.base import NotImported, Sample
from pipeline.sources.fields import Fields, identified
from pipeline.sources.reading import SYNTHETIC, CorpusInfo, Reading, RecordSource
from pipeline.sources.records import PersonRef, PromptRecord, PromptRef, Record

NAME = "personalens"
INTENT, NUMBER = "User Intent", "Task Number"
MANY_DOMAINS = "Multi-Domain"
PROFILES = NotImported("profiles: demographics, affinities, interests (no run inferred them)")
NO_DIALOGUES = NotImported("dialogues of a person (the repository has none; its own script makes them)")
GOALS = NotImported("descriptions, goals and situations of tasks")


def _recognise(sample: Sample) -> str:
    if sample.first("demographics", "affinities"):
        return "profile.json has demographics and affinities"
    if sample.first(INTENT, NUMBER):
        return f"each record has {INTENT} and {NUMBER}"
    if any(isinstance(task, dict) and INTENT in task for task in list(sample.first().values())[:1]):
        return f"each of a person's tasks has {INTENT}"
    return ""


def _parse(fields: Fields, reading: Reading) -> Iterator[Record | NotImported]:
    folder = reading.file.path.resolve().parent
    if "demographics" in fields:
        reading.kept[str(folder)] = fields.child("demographics").identifier("user_id")
        yield PROFILES
        yield NO_DIALOGUES
    elif INTENT in fields or NUMBER in fields:
        domain = "MD" if folder.name == MANY_DOMAINS else f"SD-{folder.name}"
        yield _prompt(fields, reading, identified("folder", f"{domain}-task-{fields.integer(NUMBER)}"))
        yield GOALS
    else:
        named = identified("folder", reading.kept.get(str(folder), folder.name))
        person = PersonRef(reading.corpus, named)
        for name in fields.names():
            task = fields.child(name)
            yield _prompt(task, reading, task.identifier("task_id"), person)
            yield GOALS


def _prompt(task: Fields, reading: Reading, name: str, *people: PersonRef) -> PromptRecord:
    return PromptRecord(PromptRef(reading.corpus, name), task.text(INTENT, blank=False), people)


PERSONALENS = RecordSource(
    NAME,
    _recognise,
    _parse,
    {NAME: CorpusInfo("PersonaLens", SYNTHETIC, "CC BY-NC 4.0", "PersonaLens benchmark")},
    corpus=NAME,
)
