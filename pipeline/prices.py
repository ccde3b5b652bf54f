"""What models cost: prices.toml, and a file of one's own over it. What stands in neither is unknown, never free.

Rows name a server's host and a model (with * for any end), input and output per million tokens, a currency, the date
and the source. A file that PRICES names has the same form; its rows go before those of the shipped one.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SHIPPED = Path(__file__).with_name("prices.toml")
MILLION = 1_000_000
USUAL_HOST = "api.openai.com"  # where the library asks when no address is given
TEXTS = ("host", "model", "currency", "date", "source")
FIELDS = (*TEXTS, "input", "output")


class PricesError(Exception):
    """A table cannot be used; the message names file, row, field, value and remedy."""


@dataclass(frozen=True)
class Price:
    """Per million tokens. ``version`` is the table's that it stands in."""

    host: str
    model: str
    input: Decimal
    output: Decimal
    currency: str
    date: str
    source: str
    version: str

    def as_json(self) -> dict[str, str]:
        return {name: str(getattr(self, name)) for name in (*FIELDS, "version")}


def prices_for(model: str, base_url: str, own_table: Path | None = None) -> Price | None:
    """The price of a model at a server; None where no table has it. Raises PricesError: a table that cannot be read."""
    host = urlsplit(base_url).hostname if base_url else USUAL_HOST
    tables = [own_table] if own_table else []
    rows = [row for table in [*tables, SHIPPED] for row in read_prices(table)]
    return next((row for row in rows if row.host == host and fnmatchcase(model, row.model)), None)


def cost_of(prices: dict[str, Any], asked: int, answered: int) -> Decimal:
    """Of so many tokens, by the prices that a run keeps, in their currency."""
    return (asked * Decimal(prices["input"]) + answered * Decimal(prices["output"])) / MILLION


def read_prices(path: Path) -> tuple[Price, ...]:
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise PricesError(f"{path}: {error.strerror or error}: PRICES is to name a table of prices") from error
    return _read(path, changed)


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> tuple[Price, ...]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PricesError(f"{path}: no TOML: {error}") from error
    version, rows = content.get("version"), content.get("price")
    if not isinstance(version, str) or not isinstance(rows, list):
        raise PricesError(f'{path}: a table has version = "..." and rows that begin with [[price]]')
    return tuple(_price(row, version, f"{path}: price {number}") for number, row in enumerate(rows, 1))


def _price(row: Any, version: str, where: str) -> Price:
    for name in FIELDS:
        if name not in row:
            raise PricesError(f"{where}: {name} is missing; a row has {', '.join(FIELDS)}")
    for name in TEXTS:
        if not isinstance(row[name], str) or not row[name]:
            raise PricesError(f"{where}: {name} is {row[name]!r}: write it as a text in quotes")
    return Price(
        **{name: row[name] for name in TEXTS},
        input=_amount(row["input"], f"{where}: input"),
        output=_amount(row["output"], f"{where}: output"),
        version=version,
    )


def _amount(value: Any, where: str) -> Decimal:
    """Written in quotes, since 0.1 is no binary fraction."""
    try:
        amount = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or amount < 0:
        raise PricesError(f'{where} is {value!r}: write the price of a million tokens in quotes, "0.15"')
    return amount
