"""Two releases side by side: values, intervals, differences, what differs, and where one side has nothing."""

from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path

import polars as pl
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from analysis.__main__ import main
from analysis.compare.numbers import TABLES, Number, compare, difference_interval
from analysis.compare.page import comparison_files
from analysis.compare.sources import Side, side_of
from analysis.tables import BUILDERS
from tests.analysis.synthetic import synthetic_frames, write_folder


def shares(*rows: tuple[str, float, float, float], n: int = 20) -> dict[str, pl.DataFrame]:
    schema = ["value", "share", "low", "high"]
    frame = pl.DataFrame(rows, schema=schema, orient="row").with_columns(campaign=pl.lit("c"), corpus=pl.lit("w"))
    return {"label_shares": frame.with_columns(extractor=pl.lit("m"), n=pl.lit(n, pl.Int64))}


def test_compare_says_what_differs_and_how_sure_that_is() -> None:
    a = shares(("far", 0.2, 0.1, 0.3), ("near", 0.2, 0.1, 0.3), ("bare", 0.2, math.nan, 0.3), n=80)
    b = shares(("far", 0.5, 0.4, 0.6), ("near", 0.33, 0.21, 0.45), ("bare", 0.9, 0.8, 1.0), ("new", 0.9, 0.8, 1.0))
    found = {row["what"].rpartition(", ")[2]: row for row in compare(a, b).iter_rows(named=True)}
    # near: each value lies outside the other's interval, and 0.13 +- sqrt(0.12^2 + 0.1^2) = 0.13 +- 0.156 holds 0
    assert {name: row["differs"] for name, row in found.items()} == {
        "far": True,
        "near": False,
        "bare": None,
        "new": None,
    }
    far, near = found["far"], found["near"]
    assert (far["difference_low"], far["difference_high"]) == pytest.approx((0.3 - 0.1 * 2**0.5, 0.3 + 0.1 * 2**0.5))
    assert near["difference_high"] == pytest.approx(0.13 + 0.0244**0.5)
    assert [(row["a_n"], row["b_n"], row["n_counts"]) for row in (far, found["new"])] == [
        (80, 20, "judgments"),
        (None, 20, "judgments"),
    ]
    assert all(math.isnan(found["new"][name]) for name in ("a", "difference", "difference_low"))
    assert all(math.isnan(found["bare"][name]) for name in ("a_low", "difference_high"))


def test_the_interval_of_a_difference_of_shares_is_newcombes() -> None:
    hits = ((7, 20), (56, 80))
    ends = [proportion_confint(x, n, method="wilson") for x, n in hits]
    sides = [Number(x / n, low, high, n, "") for (x, n), (low, high) in zip(hits, ends, strict=True)]
    expected = confint_proportions_2indep(*hits[1], *hits[0], method="newcomb", compare="diff")
    assert difference_interval(*sides) == pytest.approx(expected, abs=1e-9)


def test_compare_knows_every_column_it_names(tmp_path: Path) -> None:
    tables = side_of(write_folder(tmp_path / "release", synthetic_frames())).tables
    assert set(TABLES) <= set(BUILDERS)
    for name, compared in TABLES.items():
        assert compared.columns <= set(tables[name].columns), name
        assert tables[name].select("campaign", *compared.keys).is_unique().all(), name
    same = compare(tables, tables)
    assert same.filter(pl.col("difference").is_finite())["difference"].to_list().count(0.0) > 20
    assert not same["differs"].any()
    there = same.filter(pl.col("a").is_finite())
    assert there.filter((pl.col("a_n") < 1) | (pl.col("a_n") != pl.col("b_n")) | (pl.col("n_counts") == "")).is_empty()


def test_compare_command_takes_releases_and_reports_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = write_folder(tmp_path / "old", synthetic_frames(), version="0.1.0")
    new = write_folder(tmp_path / "new", synthetic_frames(seed=8), version="0.2.0")
    assert main(["report", str(new), "--out", str(tmp_path / "report")]) == 0
    for second, out in ((new, "one"), (tmp_path / "report", "two")):
        assert main(["compare", str(old), str(second), "--out", str(tmp_path / out)]) == 0
    first, again = ((tmp_path / out / "comparison.csv").read_text() for out in ("one", "two"))
    rows, others = (list(csv.DictReader(io.StringIO(text))) for text in (first, again))
    assert len(rows) == len(others) > 50
    for row, other in zip(rows, others, strict=True):
        assert [row[name] for name in ("table", "campaign", "what", "figure", "a_n", "b_n", "differs")] == [
            other[name] for name in ("table", "campaign", "what", "figure", "a_n", "b_n", "differs")
        ]
        assert float(row["b"]) == pytest.approx(float(other["b"]), nan_ok=True)
    page, same = ((tmp_path / out / "comparison.html").read_text(encoding="utf-8") for out in ("one", "two"))
    assert "A synthetic study 0.1.0 and A synthetic study 0.2.0" in page
    assert 'class="mark">SIMULATED<' in page
    assert "<script" not in page
    assert same == page  # a report says of itself whose it is, and its tables hold every place of every number
    assert "comparison.html and 1 table beside it" in capsys.readouterr().out


def test_comparison_says_what_differs_what_is_new_and_what_is_gone() -> None:
    a = shares(("far", 0.2, 0.1, 0.3), ("near", 0.2, 0.1, 0.3), ("old", 0.4, 0.3, 0.5))
    b = shares(("far", 0.5, 0.4, 0.6), ("near", 0.25, 0.2, 0.3), ("young", 0.9, 0.8, 1.0))
    campaign = {"campaign": "c", "title": "<b>Figs", "origin": "simulated", "raters": 3, "judged_units": 4}
    one, two = (
        Side(name, tables | {"campaigns": pl.DataFrame([campaign | {"judgments": n}])}, ())
        for name, tables, n in (("A", a, 7), ("B", b, 1))
    )
    files = comparison_files(one, two)
    page = files["comparison.html"]
    parts = dict(re.findall(r'<section id="([\w-]+)">(.*?)</section>', page, flags=re.DOTALL))
    assert list(parts) == ["differs", "new", "gone", "label-shares"]
    for name, named, not_named in (("differs", "far", "near"), ("new", "young", "far"), ("gone", "old", "young")):
        assert f": w, m, {named}, share</th>" in parts[name]
        assert f", {not_named}, share" not in parts[name]
    said = "Of 2 numbers with an interval on both sides, 1 differs. Of numbers that did not change, chance alone makes "
    for text in (page, files["comparison.md"]):
        assert f"{said}up to one in twenty differ. Only B has 1 number, only A 1." in text
    assert r"- A: A, 7 judgments" in files["comparison.md"]
    held = re.findall(r'<th scope="row">&lt;b&gt;Figs</th>(.*?)</tr>', page)[0]
    assert re.findall(r"<td[^>]*>(.*?)</td>", held) == ["simulated", "7", "1", "3", "3", "4", "4"]
    for name, counts in (("differs", 2), ("new", 1), ("gone", 1)):  # n of each side that has the number, and of what
        assert parts[name].count('<th scope="col" class="n">n</th>') == counts
        assert parts[name].count('<td class="n">20</td>') == counts
        assert "<td>judgments</td>" in parts[name]
    assert "<dt>n</dt><dd>Judgments.</dd>" in parts["label-shares"]
    for name in ("differs", "label-shares"):
        pictures = re.findall(r"<svg.*?</svg>", parts[name], flags=re.DOTALL)
        assert len(pictures) == 2  # wide and narrow
        assert all(">SIMULATED<" in picture and ">was 0.20, differs<" in picture for picture in pictures)
    assert "<b>" not in page


def test_what_a_whole_campaign_brought_is_counted_first() -> None:
    many = shares(*((f"value {n}", 0.2, 0.1, 0.3) for n in range(13)))
    page = comparison_files(Side("A", {}, ()), Side("B", many, ()))["comparison.html"]
    new = re.findall(r'<section id="new">(.*?)</section>', page, flags=re.DOTALL)[0]
    assert '<th scope="row">Attribute quality</th><td>c</td><td class="n">13</td>' in new
    assert new.index("<details>") < new.index("value 12")


def test_an_interval_without_end_leaves_the_values_to_be_told_apart() -> None:
    row = {"campaign": "c", "judge": "m", "effect": "side", "estimate": 0.1, "low": -1e14, "high": math.nan, "n": 9}
    frame = pl.DataFrame([row, row | {"judge": "n", "estimate": 0.9, "low": 0.5, "high": 1.5}])
    sides = [Side(name, {"preference_effects": frame}, ()) for name in ("A", "B")]
    drawn = re.findall(r'<circle cx="([\d.]+)"', comparison_files(*sides)["comparison.html"])
    assert len(drawn) == 8  # two values of two sides, wide and narrow
    assert float(drawn[2]) - float(drawn[0]) > 20


def test_compare_command_refuses_what_is_neither(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("")
    assert main(["compare", str(tmp_path), str(tmp_path), "--out", str(tmp_path / "full")]) == 1
    assert "holds something that is not a comparison" in capsys.readouterr().err
    assert main(["compare", str(tmp_path / "none"), str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "no such folder" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
