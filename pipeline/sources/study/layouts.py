"""Which file of the published study is which, in the order of reading.

Decisions that the files leave open:
    * Task 5's ``items`` (relevances that an unnamed model proposed for some attributes, silent on the others) are no
      votes: counted, not imported.
    * Task 6's ``is_relevant`` are the labels the pairs were built from (label run ``task6``, n unknown = 0), its
      relevant attributes what the personalized response was given. ``task6_responses`` adds the responses that stand in
      no pair; what those were given the files do not say.
    * Task 3's model votes may lack ``prompt_index``: it comes from the answers or labels of the same sample.
    * Null is no judgment. Task 2 used another scale: counted, not imported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.sources.study.answers import task1_answers, task2_answers, task3_answers, votes
from pipeline.sources.study.context import PILOT, STUDY_PEOPLE, Parser, StudyFile
from pipeline.sources.study.material import (
    clf,
    evidence,
    personas,
    profiles,
    prompts,
    responses,
    task5,
    task6,
)


@dataclass(frozen=True)
class Layout:
    """``pattern`` is sought in ``/folder/name``; ``sample_key`` names the field that numbers samples of task 3."""

    example: str
    pattern: re.Pattern[str]
    parse: Parser
    people: tuple[str, ...] = ()
    sample_key: str | None = None

    def corpora(self, file: StudyFile) -> tuple[str, ...]:
        return (file.words["corpus"],) if "corpus" in file.words else self.people


def _layout(example: str, pattern: str, parse: Parser, *people: str, sample_key: str | None = None) -> Layout:
    return Layout(example, re.compile(pattern), parse, people, sample_key)


_CORPUS = r"/(?P<corpus>[a-z0-9][a-z0-9_-]{0,63}?)"
LAYOUTS = (
    _layout("cupid_personas.jsonl", rf"{_CORPUS}_personas\.jsonl$", personas),
    _layout("cupid_attrs_merged.jsonl", rf"{_CORPUS}_attrs_merged\.jsonl$", profiles),
    _layout("attr_evidence.jsonl", r"/attr_evidence\.jsonl$", evidence),
    _layout("demo_prompts.jsonl", rf"{_CORPUS}_prompts\.jsonl$", prompts),
    _layout("task5_items.jsonl", r"/task5_items\.jsonl$", task5, STUDY_PEOPLE),
    _layout("task3_relevance_clf.jsonl", r"/task3_relevance_clf\.jsonl$", clf, STUDY_PEOPLE, sample_key="sample_index"),
    _layout("task6_items.jsonl", r"/task6_items\.jsonl$", task6, STUDY_PEOPLE),
    _layout(
        "task6_responses/no_context_gpt-5.4.jsonl",
        r"/(?P<mode>no_context|gt_attributes|attributes)_[^/]+\.jsonl$",
        responses,
        STUDY_PEOPLE,
    ),
    _layout("relevance_task5/gpt-5.4.jsonl", r"/relevance_task(?P<task>5)/[^/]+\.jsonl$", votes, STUDY_PEOPLE),
    _layout(
        "relevance_task3/gpt-5.4.jsonl",
        r"/relevance_task(?P<task>3)/[^/]+\.jsonl$",
        votes,
        STUDY_PEOPLE,
        sample_key="sample_index",
    ),
    _layout("annotations/rater-01_task1.jsonl", r"_task1\.jsonl$", task1_answers, PILOT),
    _layout("annotations/rater-01_task2.jsonl", r"_task2\.jsonl$", task2_answers),
    _layout("annotations/rater-01_task3.jsonl", r"_task3\.jsonl$", task3_answers, STUDY_PEOPLE, sample_key="index"),
)
