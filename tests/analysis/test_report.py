from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analysis import crowd_models
from analysis.__main__ import main
from analysis.markup import csv_text, markdown_text
from analysis.release import load_release, release_from_frames
from analysis.report import build_report, listings
from analysis.report.columns import COLUMNS as COLUMN_WORDS
from analysis.schema import RELEVANCE
from analysis.tables import BUILDERS
from tests.analysis.frames import campaign, item, judgment, release_of, unit_of, vote
from tests.analysis.synthetic import synthetic_frames, write_folder

COLUMNS = {
    "agreement_pairs": "campaign,rater_a,rater_b,kind_a,kind_b,n,agreement,kappa,kappa_linear,kappa_quadratic,spearman,"
    "low,high,undefined",
    "agreement_groups": "campaign,group,pairs,mean_agreement,mean_kappa,mean_kappa_linear,mean_kappa_quadratic,"
    "mean_spearman,low_units,high_units,low_raters,high_raters,kappa_settled,settled_low_units,settled_high_units,"
    "settled_low_raters,settled_high_raters",
    "krippendorff": "campaign,group,level,n_units,alpha",
}
VOID = {"meta", "link", "br", "line", "rect", "circle", "polyline", "polygon"}


class Reader(HTMLParser):
    """Ids, addresses and the balance of tags of a page, and the marks inside and outside of pictures."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "action")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module", autouse=True)
def fits() -> Iterator[dict[tuple[object, ...], Any]]:
    """Models of raters, four fifths of a report's work, are fitted once to the same answers."""
    fit, kept = crowd_models._fit, {}

    def fit_once(model: Any, answers: crowd_models.Answers) -> Any:
        key = (
            type(model),
            model.n_iter,
            *(column.tobytes() for column in (answers.unit, answers.rater, answers.value)),
        )
        if key not in kept:
            kept[key] = fit(model, answers)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crowd_models, "_fit", fit_once)
        yield kept


@pytest.fixture(scope="module")
def files(fits: dict[tuple[object, ...], Any]) -> dict[str, str]:
    return build_report(release_from_frames(synthetic_frames())).files


@pytest.fixture(scope="module")
def page(files: dict[str, str]) -> str:
    return files["report.html"]


def _campaigns(page: str) -> dict[str, str]:
    """What the page shows of each campaign, in all sections."""
    found: dict[str, str] = {}
    for slug, part in re.findall(r'<article id="[^"]+" data-campaign="([^"]+)">(.*?)</article>', page, re.DOTALL):
        found[slug] = found.get(slug, "") + part
    return found


def test_the_page_needs_nothing_but_itself(page: str) -> None:
    reader = Reader(page)
    assert not {"script", "link", "img", "iframe"} & set(reader.tags)
    assert all(address.startswith("#") for address in reader.addresses)
    assert not re.search(r"@import|url\((?!#)", page)


def test_the_head_counts_a_rater_of_two_campaigns_once(page: str) -> None:
    frames = synthetic_frames()
    raters = frames["judgments"].filter(pl.col("rater_kind") == "human")["rater"]
    said = re.search(r'class="lead">[^<]*? by (\d+) people', page)
    assert said
    assert int(said[1]) == raters.n_unique()
    per_campaign = frames["judgments"].filter(pl.col("rater_kind") == "human").select("rater", "campaign").unique()
    assert per_campaign.height > raters.n_unique()  # else the test could not tell


def test_the_page_is_well_formed_and_its_ids_are_its_own(page: str) -> None:
    reader = Reader(page)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))
    assert {address[1:] for address in reader.addresses} <= set(reader.ids)


def test_two_reports_of_one_release_are_the_same_bytes(tmp_path: Path, fits: dict[tuple[object, ...], Any]) -> None:
    folder = write_folder(tmp_path / "release", synthetic_frames())
    for out in ("one", "two"):
        fits.clear()  # each by its own
        assert main(["report", str(folder), "--out", str(tmp_path / out)]) == 0
    first, second = (sorted(p for p in (tmp_path / out).rglob("*") if p.is_file()) for out in ("one", "two"))
    assert [p.name for p in first] == [p.name for p in second]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(first, second, strict=True))


def test_the_rows_order_in_the_release_changes_no_byte(files: dict[str, str]) -> None:
    turned = {name: frame.reverse() for name, frame in synthetic_frames().items()}
    assert build_report(release_from_frames(turned)).files == files


def test_every_picture_of_a_campaign_without_people_is_marked(page: str) -> None:
    campaigns = _campaigns(page)
    assert campaigns.keys() == {"quality", "relevance", "preference", "simulated"}
    for name, section in campaigns.items():
        pictures = re.findall(r"<svg.*?</svg>", section, flags=re.DOTALL)
        assert pictures
        for picture in pictures:
            assert (">SIMULATED<" in picture) == (name == "simulated"), name
        assert ('class="mark">SIMULATED<' in section) == (name == "simulated")


@pytest.mark.parametrize(("origin", "mark"), [("imported", "IMPORTED"), ("human", "MODELS ONLY")])
def test_pictures_of_imported_and_of_model_answers_are_marked(origin: str, mark: str) -> None:
    units = [unit_of(RELEVANCE, f"a{n}", "p") for n in range(4)]
    imported = {"rater_kind": "imported", "counted": False, "not_counted_because": "imported"}
    judged = [judgment("c", unit, "r1", "yes", **imported) for unit in units] if origin == "imported" else []
    votes = [vote(unit, model, value) for unit, value in zip(units, ["yes", "no"] * 2, strict=True) for model in "mn"]
    release = release_of(
        campaigns=[campaign("c", RELEVANCE, origin)], items=[item("c", units)], judgments=judged, model_votes=votes
    )
    pictures = re.findall(r"<svg.*?</svg>", build_report(release).files["report.html"], flags=re.DOTALL)
    assert len(pictures) >= 2
    assert all(f">{mark}<" in picture for picture in pictures)


def test_every_picture_has_alt_text_and_a_table_beside_it(page: str) -> None:
    for figure in re.findall(r"<figure>.*?</figure>", page, flags=re.DOTALL):
        alts = re.findall(r'<svg[^>]* class="(\w+)"[^>]* role="img" aria-label="([^"]{40,})"', figure)
        assert [form for form, _ in alts] == ["wide", "narrow"]
        assert alts[0][1] == alts[1][1]
        assert "<details><summary>" in figure
        assert "<figcaption>" in figure


def test_pictures_follow_the_readers_light_or_dark(page: str) -> None:
    pictures = "".join(re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL))
    style = page[page.index("<style>") : page.index("</style>")]
    coloured = re.findall(r'(\w+)="([^"]*)" (fill|stroke)="(#[0-9a-f]{6})"', pictures)
    assert coloured
    assert len(coloured) == len(re.findall(r'(?:fill|stroke)="(?!none)', pictures))  # no colour without a class
    for name, value, what, colour in coloured:
        assert (name, value[:2]) == ("class", f"{what[0]}-")
        assert f".{value} {{ {what}: var(--{value[2:]}); }}" in style
        assert f"--{value[2:]}: {colour};" in style  # alone, the picture is as in light
    assert "prefers-color-scheme: dark" in style


def test_pictures_need_no_style_that_a_policy_would_have_to_allow(page: str) -> None:
    assert not re.search(r'\bstyle="|\bon\w+="|<script', page)


def test_text_from_the_release_is_escaped() -> None:
    nasty = '<script>alert(1)</script>"&'
    units = [unit_of(RELEVANCE, "a", "p"), unit_of(RELEVANCE, "b", "p")]
    release = release_of(
        campaigns=[campaign("c", RELEVANCE) | {"title": nasty}],
        items=[item("c", units)],
        judgments=[judgment("c", unit, f"{nasty}{n}", "yes") for unit in units for n in (1, 2)],
    )
    page = build_report(release).files["report.html"]
    assert "<script" not in page
    Reader(page)


def test_many_raters_are_drawn_as_dots() -> None:
    frames = synthetic_frames(raters=30)
    page = build_report(release_from_frames(frames)).files["report.html"]
    assert ">raters with models</text>" in page
    assert "more rows in <code>tables/agreement_pairs.csv</code>" in page


def test_unreadable_answers_are_said_on_the_page(page: str) -> None:
    assert re.search(r"\d+ of \d+ model answers could not be read as a value", page)


def test_an_empty_release_says_that_there_is_nothing() -> None:
    page = build_report(release_from_frames({})).files["report.html"]
    assert "holds no campaign" in page


@pytest.mark.parametrize("name", COLUMNS)
def test_tables_have_the_agreed_columns(files: dict[str, str], name: str) -> None:
    assert files[f"tables/{name}.csv"].splitlines()[0] == COLUMNS[name]


def test_csv_keeps_numbers_exact_and_lets_no_spreadsheet_run_a_cell() -> None:
    texts = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "plain", "a=b"]
    numbers = [-0.1, 1 / 3, float("nan"), None, 0.0, 1e-17, -2.5, 7.0]
    rows = list(csv.reader(io.StringIO(csv_text(pl.DataFrame({"t": texts, "n": numbers})), newline="")))[1:]
    assert [row[0] for row in rows] == ["'=1+1", "'+1", "'-1", "'@x", "'\tx", "'\rx", "plain", "a=b"]
    assert [row[1] for row in rows][2:4] == ["NaN", ""]
    assert float(rows[0][1]) == -0.1
    assert float(rows[1][1]) == 1 / 3


def test_report_command_writes_the_page_and_its_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_folder(tmp_path / "release", synthetic_frames())
    assert main(["report", str(folder), "--out", str(tmp_path / "report"), "--label", "majority", "--min-n", "2"]) == 0
    assert main(["report", str(folder), "--out", str(tmp_path / "report")]) == 0
    assert (tmp_path / "report" / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    tables = sorted(path.name for path in (tmp_path / "report" / "tables").iterdir())
    assert tables == sorted(f"{name}.{kind}" for name in BUILDERS for kind in ("csv", "md"))
    assert f"report.html and {len(BUILDERS)} tables" in capsys.readouterr().out
    assert load_release(folder).manifest.title == "A synthetic study"


def test_report_command_refuses_a_folder_that_holds_something_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_folder(tmp_path / "release", synthetic_frames())
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main(["report", str(folder), "--out", str(folder)]) == 1
    assert "holds something that is not a report; give a new or empty folder" in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_commands_name_what_is_wrong_and_exit_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path / "none"), "--out", str(tmp_path / "report")]) == 1
    assert "none: no such folder; give the folder written by make_release" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()
    assert main(["check", str(tmp_path)]) == 1
    assert "manifest.json: no such file" in capsys.readouterr().err


def test_table_command_prints_what_the_report_shows(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_folder(tmp_path / "release", synthetic_frames())
    assert main(["table", str(folder), "selection", "--format", "csv"]) == 0
    assert capsys.readouterr().out == files["tables/selection.csv"]
    assert main(["table", str(folder), "selection"]) == 0
    assert capsys.readouterr().out == files["tables/selection.md"]
    assert main(["table", str(folder), "selection", "--campaign", "relevance", "--format", "csv"]) == 0
    assert {row[0] for row in csv.reader(io.StringIO(capsys.readouterr().out))} == {"campaign", "relevance"}
    assert main(["table", str(folder), "origins", "--campaign", "relevance"]) == 1
    assert "the table origins is not by campaign" in capsys.readouterr().err


def test_every_table_shown_says_what_it_is_its_interval_and_its_command(page: str) -> None:
    tables = re.findall(r"</table></div>.*?<details>.*?</details>", page, flags=re.DOTALL)
    assert len(tables) == page.count("</table>") > len(BUILDERS)
    for found in tables:
        means, interval, command = re.findall(r"<dd>(.+?)</dd>", found)[:3]
        assert len(means) > 30
        assert re.search("^(95 %|None|Not given)", interval)
        name = re.fullmatch(r"<code>python -m analysis table DIR (\w+)( --campaign [\w-]+)?</code>", command)
        assert name
        assert name[1] in BUILDERS


def test_every_table_has_a_listing_and_every_listing_a_table() -> None:
    listed = {value.name for value in vars(listings).values() if isinstance(value, listings.Listing)}
    assert listed == set(BUILDERS)


def test_every_column_is_described_and_every_end_of_an_interval_named(files: dict[str, str]) -> None:
    described = set()
    for name in BUILDERS:
        columns = files[f"tables/{name}.csv"].splitlines()[0].split(",")
        section = files["TABLES.md"].partition(f"## {name}\n")[2].partition("\n## ")[0]
        assert re.findall(r"^\| `(\w+)` \| [A-Za-z0-9`].{3,}\. \|$", section, re.MULTILINE) == columns
        assert f"python -m analysis table DIR {name}`" in section
        assert set(re.findall(r"end of the 95 % interval of `(\w+)`", section)) <= set(columns)
        described |= {f"{name}.{column}" if f"{name}.{column}" in COLUMN_WORDS else column for column in columns}
    assert set(COLUMN_WORDS) <= described  # none that no table has


def test_columns_command_says_what_every_report_says(files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["columns"]) == 0
    assert capsys.readouterr().out == files["TABLES.md"]


def test_markdown_starts_no_markup_of_its_own() -> None:
    text = markdown_text(
        pl.DataFrame({"t": ["a|b", "<b>*x*</b>", "two\nlines", None], "n": [0.5, 1 / 3, float("nan"), 2]})
    )
    assert text.splitlines()[2:] == [
        r"| a\|b | 0.5 |",
        r"| \<b\>\*x\*\</b\> | 0.3333 |",
        "| two lines | NaN |",
        "|  | 2 |",
    ]


def test_check_command_says_that_a_release_is_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(write_folder(tmp_path / "release", synthetic_frames()))]) == 0
    assert "sound" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["report"], ["report", "x", "--out", "y", "--min-n", "0"], ["draw", "x"]])
def test_a_wrong_command_line_exits_with_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2


def test_one_of_anything_is_said_in_the_singular() -> None:
    units = [unit_of(RELEVANCE, "a", "p")]
    release = release_of(
        campaigns=[campaign("c", RELEVANCE)],
        items=[item("c", units)],
        judgments=[judgment("c", units[0], "r1", "yes")],
        model_votes=[vote(units[0], "m", None), vote(unit_of(RELEVANCE, "z", "p"), "m", "no")],
    )
    page = build_report(release).files["report.html"]
    assert "1 judgment by 1 person" in page
    assert "In the numbers: 1 of 1 judgment." in page
    assert "1 of 2 model answers could not be read" in page
    text = re.sub(r"<[^>]+>", " ", page[page.index("<body>") :])
    ones = r"(?<![\d.,])\b1 (?:more )?(?:judgments|votes|campaigns|units|pairs|models|raters|answers|persons|rows)\b"
    assert not re.findall(ones, text)
