"""Merging as the study merged: our partition of each person's attributes against ``original_attributes``, by threshold.

    .venv-models/bin/python -m benchmarks.merge_agreement DATA_DIR [--model NAME|FOLDER] [--picture FILE.svg]

DATA_DIR holds personas/*_attrs_merged.jsonl and study/extracted/task5_items.jsonl as the study published them. Each
merged attribute there names the attributes that it was made from: a partition of what was extracted of one person. The
originals are embedded, clustered by the merge stage's own function at every distance, and compared.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import django

Vectors = Mapping[str, Sequence[float]]

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 19))  # cosine distance, 0.05 .. 0.90
PERSONAS = {"CUPID": "cupid", "PrefEval": "prefeval", "PersonaLens": "personalens"}
PROFILES = "WildChat"  # the people of the study's selection items
ALL = "all"


@dataclass(frozen=True)
class Person:
    """The attributes extracted of somebody, and for each the number of the study's group that it is in."""

    texts: tuple[str, ...]
    groups: tuple[int, ...]


class Pairs(NamedTuple):
    """Pairs of one person's attributes that are in one group: by both, by us, by the study."""

    both: int
    ours: int
    theirs: int

    @property
    def f1(self) -> float:
        """1.0 where neither joins any."""
        return 2 * self.both / (self.ours + self.theirs) if self.ours + self.theirs else 1.0


class Agreement(NamedTuple):
    """Of one corpus at one threshold. ``rand`` and ``information``: adjusted, 1 = the same partition, 0 = as chance.

    Both are means over people; ``rands`` holds them one by one. ``f1`` counts pairs of all people together.
    """

    threshold: float
    rand: float
    information: float
    f1: float
    groups: int
    rands: tuple[float, ...]


def read_corpora(folder: Path) -> dict[str, list[Person]]:
    """Everybody by corpus. Raises ValueError where a file is not there."""
    return {name: [person_of(merged) for merged in people] for name, people in read_merged(folder).items()}


def read_merged(folder: Path) -> dict[str, list[list[dict[str, Any]]]]:
    """By corpus, of each person the study's merged attributes as they stand in its files."""
    corpora = {}
    for name, stem in PERSONAS.items():
        rows = _lines(folder / "personas" / f"{stem}_attrs_merged.jsonl")
        corpora[name] = [row["merged_attributes"] for row in rows]
    items = _lines(folder / "study" / "extracted" / "task5_items.jsonl")
    corpora[PROFILES] = list({row["user_id"]: row["profile_attributes"] for row in items}.values())
    return corpora


def person_of(merged: Iterable[Mapping[str, Any]]) -> Person:
    members = [(text, number) for number, row in enumerate(merged) for text in row["original_attributes"]]
    return Person(tuple(text for text, _ in members), tuple(number for _, number in members))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; name the folder that holds personas/ and study/")
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


class Speaking(NamedTuple):
    """Of the study's groups of several: whose wording is that of the most confident member, the earliest of equals;
    whose confidence is the noisy-or of its members', to 0.001."""

    groups: int
    most_confident: int
    noisy_or: int


def speaking_as_ours(rows: Iterable[Mapping[str, Any]]) -> Speaking:
    several = [row for row in rows if len(row["original_attributes"]) > 1]
    loudest = added_up = 0
    for row in several:
        confidences = row["original_confidences"]
        loudest += row["original_attributes"][confidences.index(max(confidences))] == row["attribute"]
        added_up += abs(1 - prod(1 - value for value in confidences) - row["confidence"]) < 0.001
    return Speaking(len(several), loudest, added_up)


def embed_all(
    corpora: Mapping[str, Sequence[Person]], *, embedder: str, model: str, options: Mapping[str, str]
) -> Vectors:
    from pipeline.backends.embedders import open_embedder

    texts = sorted({text for people in corpora.values() for person in people for text in person.texts})
    return dict(zip(texts, open_embedder(embedder, model, options).embed(texts), strict=True))


def agreement(people: Sequence[Person], vectors: Vectors, threshold: float) -> Agreement:
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

    found = [clustered(person, vectors, threshold) for person in people]
    pairs = [pairs_of(person.groups, ours) for person, ours in zip(people, found, strict=True)]
    both = list(zip(people, found, strict=True))
    rands = tuple(float(adjusted_rand_score(person.groups, ours)) for person, ours in both)
    informations = [float(adjusted_mutual_info_score(person.groups, ours)) for person, ours in both]
    return Agreement(
        threshold,
        sum(rands) / len(rands),
        sum(informations) / len(informations),
        Pairs(*(sum(column) for column in zip(*pairs, strict=True))).f1,
        sum(len(set(ours)) for ours in found),
        rands,
    )


def clustered(person: Person, vectors: Vectors, threshold: float) -> list[int]:
    """For each of the person's attributes the number of the group that the merge stage puts it in."""
    from pipeline.stages.merge import group_by_distance

    groups = group_by_distance([list(vectors[text]) for text in person.texts], threshold)
    number = {place: number for number, group in enumerate(groups) for place in group}
    return [number[place] for place in range(len(person.texts))]


def pairs_of(theirs: Sequence[int], ours: Sequence[int]) -> Pairs:
    both = same_ours = same_theirs = 0
    for second in range(len(theirs)):
        for first in range(second):
            joined_by_us, joined_by_them = ours[first] == ours[second], theirs[first] == theirs[second]
            same_ours += joined_by_us
            same_theirs += joined_by_them
            both += joined_by_us and joined_by_them
    return Pairs(both, same_ours, same_theirs)


def measure(corpora: Mapping[str, Sequence[Person]], vectors: Vectors) -> dict[str, list[Agreement]]:
    """Of each corpus, and of all people together, the agreement at each threshold."""
    together = {ALL: [person for people in corpora.values() for person in people]}
    return {
        name: [agreement(people, vectors, threshold) for threshold in THRESHOLDS]
        for name, people in (*corpora.items(), *together.items())
    }


def best_threshold(rows: Sequence[Agreement]) -> float:
    return max(rows, key=lambda row: row.rand).threshold


def tables(corpora: Mapping[str, Sequence[Person]], found: Mapping[str, Sequence[Agreement]]) -> str:
    """Markdown: what there is, then adjusted Rand / adjusted mutual information / F1 of pairs (groups) by threshold."""
    lines = ["| corpus | people | extracted | merged by the study |", "|---|--:|--:|--:|"]
    for name, people in corpora.items():
        extracted = sum(len(person.texts) for person in people)
        merged = sum(len(set(person.groups)) for person in people)
        lines.append(f"| {name} | {len(people)} | {extracted} | {merged} |")
    lines += ["", f"| distance | {' | '.join(found)} |", f"|--:|{'---|' * len(found)}"]
    for place, threshold in enumerate(THRESHOLDS):
        cells = [f"{row.rand:.3f} / {row.information:.3f} / {row.f1:.3f} ({row.groups})" for row in _at(found, place)]
        lines.append(f"| {threshold:.2f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _at(found: Mapping[str, Sequence[Agreement]], place: int) -> list[Agreement]:
    return [rows[place] for rows in found.values()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, metavar="DATA_DIR")
    parser.add_argument("--embedder", default="local", help="local, openai_api or recorded")
    parser.add_argument("--model", default="all-MiniLM-L6-v2", help="name or folder of the model")
    parser.add_argument("--recorded", default="", metavar="FILE", help="recorded vectors, with --embedder recorded")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    corpora = read_corpora(options.folder)
    reached = {"recorded": os.path.abspath(options.recorded)} if options.recorded else {}
    vectors = embed_all(corpora, embedder=options.embedder, model=options.model, options=reached)
    found = measure(corpora, vectors)
    print(tables(corpora, found))
    print(f"\nBest by adjusted Rand over all people: distance {best_threshold(found[ALL]):.2f}")
    merged = [row for people in read_merged(options.folder).values() for rows in people for row in rows]
    of = speaking_as_ours(merged)
    print(f"Of {of.groups} groups of several: {of.most_confident} with our wording, {of.noisy_or} with our confidence")
    if options.picture:
        from benchmarks.merge_picture import merge_picture

        options.picture.write_text(merge_picture(found, best_threshold(found[ALL])), encoding="utf-8")


if __name__ == "__main__":
    main()
