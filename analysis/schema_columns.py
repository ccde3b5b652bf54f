"""What a table of the release is made of, and the shorthand that ``schema_material`` and ``schema_people`` use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl


@dataclass(frozen=True)
class Column:
    name: str
    dtype: Any  # a polars data type, class or instance
    nullable: bool = False


@dataclass(frozen=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    sort_by: tuple[str, ...]

    @property
    def polars_schema(self) -> pl.Schema:
        return pl.Schema({column.name: column.dtype for column in self.columns})

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


def text_(name: str, nullable: bool = False) -> Column:
    return Column(name, pl.String, nullable)


def int_(name: str, nullable: bool = False) -> Column:
    return Column(name, pl.Int64, nullable)


def float_(name: str, nullable: bool = False) -> Column:
    return Column(name, pl.Float64, nullable)


def bool_(name: str, nullable: bool = False) -> Column:
    return Column(name, pl.Boolean, nullable)


def list_(name: str, inner: Any = pl.String) -> Column:
    return Column(name, pl.List(inner))


# attribute always; prompt for relevance; pair for preference (see docs/decisions/001-data-model.md)
UNIT = (text_("unit"), text_("instrument"), text_("attribute"), text_("prompt", True), text_("pair", True))
