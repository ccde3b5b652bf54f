"""Whose conversations a study is about, and which prompts are put to whom: two seeded choices, on record as Runs."""

from __future__ import annotations

from pipeline.domain.people.parameters import MatchParameters, PeopleParameters, read_parameters
from pipeline.domain.people.putting import put_prompts_to_people
from pipeline.domain.people.selecting import sample_people

__all__ = ["MatchParameters", "PeopleParameters", "put_prompts_to_people", "read_parameters", "sample_people"]
