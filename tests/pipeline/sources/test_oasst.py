from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.sources.trying import conversations, corpora, jsonl, left_out, problems, said


def message(text: str, *replies: dict[str, Any], role: str = "prompter", **more: Any) -> dict[str, Any]:
    return {"message_id": text, "text": text, "role": role, "lang": "en", "replies": list(replies), **more}


def answer(text: str, *replies: dict[str, Any], **more: Any) -> dict[str, Any]:
    return message(text, *replies, role="assistant", **more)


def tree(root: dict[str, Any], name: str = "t1", **more: Any) -> dict[str, Any]:
    return {"message_tree_id": name, "tree_state": "ready_for_export", "prompt": root, **more}


FORKED = message(
    "Why?",
    answer("worse", rank=1),
    answer("unranked"),
    answer("deleted", rank=0, deleted=True),
    answer("better", message("And?", answer("so")), message("Or?"), rank=0, model_name="m1", synthetic=True),
    created_date="2023-02-05T14:23:50+00:00",
    user_id="u1",
)


def flat(node: dict[str, Any], name: str, parent: str | None = None) -> Iterator[dict[str, Any]]:
    yield {**node, "message_tree_id": name, "parent_id": parent, "replies": None}
    for reply in node["replies"]:
        yield from flat(reply, name, node["message_id"])


def test_oasst_sample_is_the_best_ranked_path_of_each_tree(study_data: Path) -> None:
    path = study_data / "oasst" / "oasst_trees.jsonl"
    raw = [json.loads(line) for line in path.read_text().splitlines()]
    found = conversations("oasst", path)
    assert [record.source_id for record in found] == [row["message_tree_id"] for row in raw]
    assert len(found) == 25
    by_id = {m["message_id"]: m for row in raw for m in flat(row["prompt"], "")}
    siblings: dict[str | None, list[dict[str, Any]]] = {}
    for one in by_id.values():
        siblings.setdefault(one["parent_id"], []).append(one)
    for record, row in zip(found, raw, strict=True):
        wanted, at = [row["prompt"]], row["prompt"]["message_id"]
        while at in siblings:
            ranked = [(one.get("rank", 99), place) for place, one in enumerate(siblings[at])]
            wanted.append(siblings[at][sorted(ranked)[0][1]])
            at = wanted[-1]["message_id"]
        assert [content for _, content in said(record)] == [one["text"] for one in wanted]
    kept = sum(len(record.turns) for record in found)
    assert left_out("oasst", path)["messages off the best-ranked path of their tree, or deleted"] == len(by_id) - kept
    assert len(by_id) == 278


def test_oasst_trees_prompted_by_models_are_a_synthetic_corpus(study_data: Path) -> None:
    path = study_data / "oasst" / "oasst_trees.jsonl"
    found = {corpus.slug: corpus for corpus in corpora("oasst", path, kinds={})}
    assert {slug: corpus.kind for slug, corpus in found.items()} == {"oasst": "human", "oasst-synthetic": "synthetic"}
    assert {corpus.licence for corpus in found.values()} == {"Apache-2.0"}
    made_up = [record for record in conversations("oasst", path) if record.person.corpus == "oasst-synthetic"]
    assert [(record.model_name, record.source_id[:8]) for record in made_up] == [
        ("chip20b", row["message_tree_id"][:8])
        for row in map(json.loads, path.read_text().splitlines())
        if row["prompt"]["synthetic"]
    ]


@pytest.mark.parametrize("layout", ["trees", "flat"])
def test_oasst_takes_the_best_reply_that_stands(tmp_path: Path, layout: str) -> None:
    rows = [tree(FORKED), tree(message("Alone"), "t2")]
    if layout == "flat":
        rows = [*flat(FORKED, "t1"), *flat(message("Alone"), "t2")]
    path = jsonl(tmp_path / "a.jsonl.gz", rows)
    first, second = conversations("oasst", path)
    assert said(first) == [("user", "Why?"), ("assistant", "better"), ("user", "And?"), ("assistant", "so")]
    assert (first.source_id, first.person.source_id, first.language, first.model_name) == ("t1", "u1", "en", "m1")
    assert first.started_at == datetime(2023, 2, 5, 14, 23, 50, tzinfo=UTC)
    assert (second.source_id, second.person.source_id) == ("t2", "t2")
    assert left_out("oasst", path)["messages off the best-ranked path of their tree, or deleted"] == 4


def test_oasst_tree_with_one_prompt_by_a_model_is_synthetic(tmp_path: Path) -> None:
    path = jsonl(tmp_path / "a.jsonl", [tree(message("Why?", answer("So.", message("And?", synthetic=True))))])
    assert conversations("oasst", path)[0].person.corpus == "oasst-synthetic"
    made_up = tree(message("Why?", answer("So.", synthetic=True)))  # the answer is a model's in every other corpus
    assert conversations("oasst", jsonl(path, [made_up]))[0].person.corpus == "oasst"


def test_oasst_counts_trees_that_were_given_up_or_deleted(tmp_path: Path) -> None:
    rows = [tree(message("a", deleted=True)), tree(message("b"), "t2", tree_state="aborted_low_grade")]
    assert left_out("oasst", jsonl(tmp_path / "a.jsonl", rows)) == {
        "trees whose first message was deleted": 1,
        "trees that the project gave up (aborted_low_grade)": 1,
    }


CIRCLE = [
    message("a") | {"message_tree_id": "t", "parent_id": "b"},
    answer("b") | {"message_tree_id": "t", "parent_id": "a"},
]
BAD: dict[str, tuple[list[Any], str]] = {
    "another role": ([tree(message("a", role="judge"))], "a.jsonl:1: prompt.role: unknown role ('judge') - use one of"),
    "rank in words": (
        [tree(message("a", answer("b", rank="best")))],
        "a.jsonl:1: prompt.replies[0].rank: not a number from 0 ('best') - write a number, or null",
    ),
    "circle": (CIRCLE, "a.jsonl: parent_id: no message of the tree is its first ('t') - check that these are whole"),
    "twice": (
        [CIRCLE[0], CIRCLE[0]],
        "a.jsonl:2: message_id: a second message of this id in the tree ('a') - keep one",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_oasst_bad_tree_is_a_problem(tmp_path: Path, case: str) -> None:
    rows, text = BAD[case]
    assert problems("oasst", jsonl(tmp_path / "a.jsonl", rows))[0].startswith(text)
