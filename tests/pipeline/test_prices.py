"""Prices: the shipped table, one of one's own over it, and what is unknown."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.prices import SHIPPED, PricesError, cost_of, prices_for, read_prices

ROW = {
    "host": '"models.example"',
    "model": '"tiny-*"',
    "input": '"0.10"',
    "output": '"0.30"',
    "currency": '"EUR"',
    "date": '"2026-11-01"',
    "source": '"our own books"',
}


def table(folder: Path, **changes: str | None) -> Path:
    path = folder / "prices.toml"
    rows = "\n".join(f"{name} = {value}" for name, value in (ROW | changes).items() if value is not None)
    path.write_text(f'version = "own-1"\n[[price]]\n{rows}\n')
    return path


def test_shipped_prices_name_date_and_source() -> None:
    assert all(price.date and price.source and price.input < price.output for price in read_prices(SHIPPED))


def test_prices_for_is_by_host_and_model(tmp_path: Path) -> None:
    known = prices_for("gpt-4o-mini", "")
    assert known is not None
    assert (known.input, known.output, known.currency) == (Decimal("0.15"), Decimal("0.60"), "USD")
    assert prices_for("gpt-4o-mini", "http://127.0.0.1:8000/v1") is None  # whoever serves it there
    assert prices_for("nobody", "") is None
    own = table(tmp_path)
    assert prices_for("tiny-3", "https://models.example/v1", own).version == "own-1"
    assert prices_for("gpt-4o-mini", "", own) == known


def test_own_table_goes_before_the_shipped_one(tmp_path: Path) -> None:
    own = table(tmp_path, host='"api.openai.com"', model='"gpt-4o-mini"')
    assert prices_for("gpt-4o-mini", "", own).input == Decimal("0.10")


def test_cost_of_is_exact() -> None:
    # 3 tokens at 0.10 and 1 at 0.30, each per million.
    assert cost_of({"input": "0.10", "output": "0.30"}, 3, 1) == Decimal("0.0000006")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"output": None}, "price 1: output is missing"),
        ({"input": "0.1"}, "price 1: input is 0.1: write the price of a million tokens in quotes"),
        ({"input": '"-1"'}, "input is '-1'"),
        ({"model": "3"}, "price 1: model is 3: write it as a text"),
        ({"host": '"'}, "no TOML"),
    ],
)
def test_bad_table_is_refused_with_file_row_field_and_value(
    tmp_path: Path, changes: dict[str, str | None], message: str
) -> None:
    with pytest.raises(PricesError, match=message) as raised:
        prices_for("m", "", table(tmp_path, **changes))
    assert str(tmp_path / "prices.toml") in str(raised.value)
    with pytest.raises(PricesError, match=r"[Nn]o such file"):
        prices_for("m", "", tmp_path / "none.toml")
