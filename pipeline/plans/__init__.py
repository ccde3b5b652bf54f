"""A study's plan: one TOML file that says from what and by whom a study is made. docs/running-a-study.md shows one.

Nothing in it is secret: keys of servers stand in the environment. Pure: no database, no network.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from pipeline.plans.checking import problems_in
from pipeline.plans.form import Plan
from pipeline.plans.places import KeyPath, Wrong, line_of

__all__ = ["Plan", "PlanRefused", "parse_plan"]


class PlanRefused(Exception):
    """The plan cannot be used; nothing was changed. ``problems``: one line each, with place, value and remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


def parse_plan(text: str, file: str = "plan") -> Plan:
    """Raises PlanRefused with every problem that was found, each as ``file:line: key: what, and the remedy``."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlanRefused([f"{file}: no TOML: {error}"]) from error
    try:
        plan = Plan.model_validate(content)
    except ValidationError as error:
        raise PlanRefused([_said(file, text, _wrong_form(dict(each))) for each in error.errors()]) from error
    if problems := problems_in(plan):
        raise PlanRefused([_said(file, text, wrong) for wrong in problems])
    return plan


def _said(file: str, text: str, wrong: Wrong) -> str:
    line = line_of(text, wrong.path)
    return f"{file}{f':{line}' if line else ''}: {'.'.join(map(str, wrong.path)) or 'plan'}: {wrong.message}"


def _wrong_form(error: dict[str, Any]) -> Wrong:
    path = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        return Wrong(path, f"a plan has no such key{_fields_beside(path)}")
    if error["type"] == "missing":
        return Wrong(path, "is missing: give it a value")
    return Wrong(path, f"{error['input']!r}: {error['msg']}")


def _fields_beside(path: KeyPath) -> str:
    """The keys that would be allowed in its place, where the place is a table of the plan itself."""
    part: type[BaseModel] | None = Plan
    for name in path[:-1]:
        field = part.model_fields.get(str(name)) if part else None
        kinds = [kind for kind in getattr(field and field.annotation, "__args__", ()) if isinstance(kind, type)]
        part = next((kind for kind in kinds if issubclass(kind, BaseModel)), part if field is None else None)
    names = [field.alias or name for name, field in part.model_fields.items()] if part else []
    return f"; it may have {', '.join(names)}" if names else ""
