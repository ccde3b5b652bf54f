"""The schema's polars types in the words of a card and of Croissant."""

from __future__ import annotations

from typing import Any

import polars as pl

NAMES = {pl.String: "text", pl.Int64: "integer", pl.Float64: "float", pl.Boolean: "boolean"}
CROISSANT = {pl.String: "sc:Text", pl.Int64: "cr:Int64", pl.Float64: "cr:Float64", pl.Boolean: "sc:Boolean"}


def type_in_words(dtype: Any) -> str:
    if isinstance(dtype, pl.List):
        return f"list of {type_in_words(dtype.inner)}"
    if isinstance(dtype, pl.Struct):
        return "{" + ", ".join(f"{part.name}: {type_in_words(part.dtype)}" for part in dtype.fields) + "}"
    return NAMES[_bare(dtype)]


def croissant_type(dtype: Any) -> str:
    """Of a plain type; lists and structs are said by isArray and subField."""
    return CROISSANT[_bare(dtype)]


def _bare(dtype: Any) -> Any:
    return dtype if isinstance(dtype, type) else type(dtype)
