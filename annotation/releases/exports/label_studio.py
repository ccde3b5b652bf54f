"""Label Studio's JSON: a task a unit, raters' answers as annotations, models' votes as predictions; and its labelling
configuration. Annotators are named in each result's ``meta``: Label Studio's own accounts are numbers of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import orjson

from analysis.schema import VALUES
from annotation.releases.exports.base import Export, ExportFile, OnDisk, answers_of, batches, campaigns_of
from annotation.releases.exports.crowd_kit import label_of
from annotation.releases.tables.rows import Row
from pipeline.enums import InstrumentName

FROM, TO = "answer", "statement"
ANSWER = ["unit", "rater", "score", "reason", "seconds", "submitted_at"]
UNITS = "units"


def _files(folder: Path) -> Iterator[ExportFile]:
    with OnDisk() as texts:
        texts.put_table(folder, "prompts", "prompt")
        texts.put_table(folder, "responses", "response")
        for rows in batches(folder, "response_pairs"):
            texts.put("pairs", ((row["pair"], orjson.dumps(row).decode()) for row in rows))
        for campaign in campaigns_of(folder):
            yield ExportFile(f"{campaign['slug']}.json", _array(_tasks(folder, campaign, texts)))
            yield ExportFile(f"{campaign['slug']}.xml", iter([config_of(campaign["instrument"]).encode()]))


def _array(tasks: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    opening = b"["
    for task in tasks:
        yield opening + b"\n" + orjson.dumps(task)
        opening = b","
    yield (b"[" if opening == b"[" else b"") + b"\n]\n"


def _tasks(folder: Path, campaign: Row, texts: OnDisk) -> Iterator[dict[str, Any]]:
    """By unit: answers and votes are sorted by it, and are merged."""
    _put_units(folder, campaign, texts)
    instrument = campaign["instrument"]
    answers = groupby(answers_of(folder, campaign, ANSWER), key=itemgetter("unit"))
    votes = _Votes(folder, instrument)
    for unit, rows in answers:
        found = orjson.loads(texts.get(UNITS, unit) or b"{}")
        yield {
            "data": _data(unit, found, campaign, texts),
            "annotations": [_annotation(instrument, row) for row in rows],
            "predictions": [_prediction(instrument, vote) for vote in votes.of(unit)],
        }


def _put_units(folder: Path, campaign: Row, texts: OnDisk) -> None:
    for rows in batches(folder, "items", ["campaign", "prompt", "pair", "questions"]):
        for row in rows:
            if row["campaign"] == campaign["campaign"]:
                about = {"prompt": row["prompt"], "pair": row["pair"]}
                texts.put(
                    UNITS,
                    (
                        (asked["unit"], orjson.dumps(about | {"statement": asked["text"]}).decode())
                        for asked in row["questions"]
                    ),
                )


def _data(unit: str, found: dict[str, Any], campaign: Row, texts: OnDisk) -> dict[str, str]:
    """For preference, response A is always the generic one: a scale towards B is one towards the personalized."""
    data = {"unit": unit, "campaign": campaign["slug"], TO: found.get("statement") or ""}
    prompt = found.get("prompt")
    if campaign["instrument"] == InstrumentName.PREFERENCE:
        pair = orjson.loads(texts.get("pairs", found.get("pair")) or b"{}")
        prompt = pair.get("prompt")
        data |= {f"response_{side}": texts.get("responses", pair.get(side)) for side in ("generic", "personalized")}
    return data | {"prompt": texts.get("prompts", prompt)}


def _annotation(instrument: str, row: Row) -> dict[str, Any]:
    said = {
        "result": [_result(label_of(instrument, row), {"rater": row["rater"], "reason": row["reason"]})],
        "ground_truth": False,
        "was_cancelled": False,
        "created_at": row["submitted_at"],
    }
    return said | ({} if row["seconds"] is None else {"lead_time": row["seconds"]})


def _prediction(instrument: str, vote: Row) -> dict[str, Any]:
    said = {"model_version": vote["rater"], "result": [_result(label_of(instrument, vote), {"run": vote["run"]})]}
    return said | ({} if vote["raw_score"] is None else {"score": vote["raw_score"]})


def _result(choice: str, meta: dict[str, str]) -> dict[str, Any]:
    return {"from_name": FROM, "to_name": TO, "type": "choices", "value": {"choices": [choice]}, "meta": meta}


class _Votes:
    """The parsed votes of a table that is sorted by unit, taken as units in that order ask for them."""

    def __init__(self, folder: Path, instrument: str) -> None:
        columns = ["unit", "instrument", "run", "rater", "value", "score", "raw_score"]
        rows = (row for batch in batches(folder, "model_votes", columns) for row in batch)
        parsed = (row for row in rows if row["instrument"] == instrument and row["value"] is not None)
        self._groups = groupby(parsed, key=itemgetter("unit"))
        self._next = self._take()

    def _take(self) -> tuple[str, list[Row]] | None:
        unit, rows = next(self._groups, (None, ()))
        return None if unit is None else (unit, list(rows))

    def of(self, unit: str) -> Iterable[Row]:
        while self._next is not None and self._next[0] < unit:
            self._next = self._take()
        return self._next[1] if self._next is not None and self._next[0] == unit else []


def config_of(instrument: str) -> str:
    """The labelling configuration that fits the tasks."""
    shown = [("prompt", "Request"), (TO, "Statement")]
    if instrument == InstrumentName.PREFERENCE:
        shown += [("response_generic", "Response A"), ("response_personalized", "Response B")]
    texts = "\n".join(
        f'  <Header value={quoteattr(title)}/>\n  <Text name="{name}" value="${name}"/>' for name, title in shown
    )
    choices = "\n".join(f"    <Choice value={quoteattr(value)}/>" for value in VALUES[instrument])
    picked = f'  <Choices name="{FROM}" toName="{TO}" choice="single" required="true">\n{choices}\n  </Choices>'
    return f"<View>\n{texts}\n{picked}\n</View>\n"


LABEL_STUDIO = Export(
    "Label Studio",
    "One JSON a campaign, a task a unit: the counted answers as annotations, models' votes as predictions, beside the "
    "labelling configuration (XML) that fits. Preferences go from 1 to 5 towards response B, the personalized one. The "
    "rater's pseudonym stands in each result's meta. manage.py import_label_studio takes such a file back.",
    _files,
)
