"""A small study in the layouts of the published one, written by hand for tests: a line or two of every file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ANNA, BO, KIM = "p-anna", "p-bo", "p-kim"
PROMPT_1 = "How do I keep a fig tree through the winter?"
PROMPT_2 = "Write a short toast for a wedding."
TEXTS = ["Keeps a garden.", "Is fond of trains."]


def merged(text: str, **changes: Any) -> dict[str, Any]:
    record = {
        "attribute": text,
        "reason": f"Said so: {text}",
        "confidence": 0.9,
        "original_attributes": [text, f"Perhaps: {text}"],
        "original_reasons": ["said it", "hinted at it"],
        "original_confidences": [0.9, 0.4],
    }
    return record | changes


def turns(*contents: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(contents)]


def chat(person: str, name: str, *contents: str) -> dict[str, Any]:
    return {"hashed_ip": person, "conversation_hash": name, "conversation": turns(*contents)}


def page(rater: str, index: int, person: str, prompt: int, values: list[bool | None], **changes: Any) -> dict[str, Any]:
    judged = [{"attribute": text, "relevant": value} for text, value in zip(TEXTS, values, strict=True)]
    record = {
        "task": "3",
        "index": index,
        "user_id": person,
        "prompt_index": prompt,
        "relevance_judgments": judged,
        "note": "",
        "flagged": False,
        "annotator": rater,
        "timestamp": "2026-04-07T11:04:44.222953",
    }
    return record | changes


def quality(rater: str, index: int, values: list[str], **changes: Any) -> dict[str, Any]:
    record = {
        "task": "1",
        "index": index,
        "attr_judgments": [{"judgment": value, "note": ""} for value in values],
        "missing_attrs": "",
        "overall_note": "",
        "flagged": False,
        "annotator": rater,
        "timestamp": "2026-03-17T16:03:20",
    }
    return record | changes


def votes(model: str, person: str, values: list[bool | None], **changes: Any) -> dict[str, Any]:
    items = [
        {"attribute": text, "relevant": value, "raw_answer": {True: "YES", False: "NO", None: "MAYBE"}[value]}
        for text, value in zip(TEXTS, values, strict=True)
    ]
    return {"model": model, "sample_index": 0, "user_id": person, "items": items} | changes


def _response(mode: str, model: str, person: str, text: str) -> dict[str, Any]:
    prompt = {"prompt_id": f"{person}_0", "prompt_index": 0, "prompt_text": PROMPT_1}
    return {"user_id": person, **prompt, "mode": mode, "model": model, "response": text}


def study() -> dict[str, list[Any]]:
    """Lines by file name; change them before writing to make them bad."""
    profile = [merged(text) for text in TEXTS]
    pair = {
        "prompt_text": PROMPT_1,
        "attributes": [
            {"attribute": TEXTS[0], "is_relevant": True},
            {"attribute": TEXTS[1], "is_relevant": False},
        ],
    }
    proposed = [{"attribute": TEXTS[0], "expected_behavior": "Mention the garden.", "relevance": 0.8}]
    return {
        "cupid_personas.jsonl": [
            chat("7", "7_0", "Hello", "Hi", "How do figs ripen?"),
            chat("7", "7_1", "What about plums?", "Later."),
        ],
        "cupid_attrs_merged.jsonl": [{"user_id": "7", "merged_attributes": profile}],
        "demo_personas.jsonl": [
            {
                "hashed_ip": "7",
                "conversation_hash": ["a", "b"],
                "conversation": [turns("First chat"), turns("Second chat", "Yes")],
            }
        ],
        "demo_prompts.jsonl": [{"prompt_index": 0, "prompt_text": PROMPT_2, "user_ids": ["7"]}],
        "attr_evidence.jsonl": [
            {
                "cache_key": "cupid:7",
                "source": "cupid",
                "user_id": "7",
                "evidence": [{"conv_idx": 0, "turn_idxs": [0, 2]}, {"conv_idx": 1, "turn_idxs": [0]}],
            }
        ],
        "extracted/task5_items.jsonl": [
            {
                "prompt_index": index,
                "user_id": person,
                "profile_attributes": profile,
                "prompt_text": text,
                "items": proposed,
                "item_index": 0,
            }
            for person, index, text in ((ANNA, 0, PROMPT_1), (ANNA, 2, PROMPT_2), (BO, 0, PROMPT_1))
        ],
        "task3_relevance_clf.jsonl": [
            {
                "prompt_index": 0,
                "sample_index": 0,
                "attribute": text,
                "prompt_text": PROMPT_1,
                "label": label,
                "split": split,
                "n_annotators": 4,
                "human_yes_rate": rate,
            }
            for text, label, split, rate in ((TEXTS[0], 1, "train", 0.75), (TEXTS[1], 0, "test", 0.25))
        ],
        "extracted/task6_items.jsonl": [
            pair
            | {
                "model_tag": model,
                "user_id": ANNA,
                "prompt_id": f"{ANNA}_0",
                "response_no_context": f"Wrap it, says {model}.",
                "response_personalized": f"As a gardener you know to wrap it, says {model}.",
            }
            for model in ("writer-1", "writer-2")
        ],
        "task6_responses/no_context_writer-1.jsonl": [
            _response("no_context", "writer-1", ANNA, "Wrap it, says writer-1."),
            _response("no_context", "writer-1", BO, "Bring it in."),
        ],
        "task6_responses/attributes_writer-1.jsonl": [
            _response("attributes", "writer-1", ANNA, "Wrap it between two trains."),
        ],
        "relevance_task5/judge-1.jsonl": [
            votes("judge-1", ANNA, [True, False], prompt_index=0),
            votes("judge-1", BO, [True, None], prompt_index=0),
        ],
        "relevance_task3/judge-1.jsonl": [votes("judge-1", KIM, [True, False])],
        "annotations/rater-01_task1.jsonl": [quality("rater-01", 0, ["ok", "bad"], missing_attrs="Likes cats.")],
        "annotations/rater-02_task1.jsonl": [quality("rater-02", 0, ["unsure", "ok"], flagged=True)],
        "annotations/rater-01_task2.jsonl": [
            {"task": "2", "relevance_judgments": [{"attribute": text, "rating": "optional"} for text in TEXTS]}
        ],
        "annotations/rater-01_task3.jsonl": [page("rater-01", 0, KIM, 0, [True, None], note=" Hard. ")],
        "annotations/rater-02_task3.jsonl": [
            page("rater-02", 0, KIM, 0, [False, False]),
            page("rater-02", 2, KIM, 12, [None, None]),
        ],
    }


def write(folder: Path, files: dict[str, list[Any]], groups: dict[str, str] | None = None) -> Path:
    """Lines that are texts are written as they are, others as JSON."""
    for name, lines in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8", errors="surrogatepass")
    if groups is not None:
        (folder / "raters.json").write_text(json.dumps(groups), encoding="utf-8")
    return folder
