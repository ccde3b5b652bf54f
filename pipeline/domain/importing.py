"""Writing what a source reads: get-or-create by the source's own names, so that a second import adds nothing.

An import never changes a row: a record that says something else than what stands is a Problem. Records are written in
batches of one kind; rows that belong to a run belong to an imported Run, found again by its fingerprint.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils import timezone

from pipeline.domain.bulk import BulkInserts
from pipeline.domain.importing_keys import PersonKeys, standing_keys
from pipeline.domain.tallies import Tally, note_tallies
from pipeline.enums import RunState, Stage
from pipeline.models import Corpus, Person, Prompt, Run, RunInput
from pipeline.sources.base import NO_VALUE, Item, Located, NotImported, Place, Problem
from pipeline.sources.records import ConversationRecord, PersonRef, PromptRef, Record
from studies.models import Study

BATCH = 200
CONVERSATIONS = 2_000  # of one batch, unless their texts are longer than LETTERS together
LETTERS = 8_000_000
BACKEND = "imported"


@dataclass
class ImportReport:
    """What became of the records: rows by kind that are new and that stood already, and what was left out and why."""

    new: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    run: Run | None = None  # that the new conversations belong to

    def count(self, kind: str, new: int, known: int = 0) -> None:
        self.new[kind] += new
        self.known[kind] += known

    @property
    def skipped(self) -> int:
        """Records left out because of a problem: lines, or whole files that could not be read."""
        return len({problem.at for problem in self.problems})

    @property
    def has_records(self) -> bool:
        return bool(self.new or self.known or self.left_out)

    @property
    def adds_nothing(self) -> bool:
        return not self.new.total()


class Importer:
    """One import into one study, in the caller's transaction. Remembers runs, corpora and, up to a limit, people."""

    def __init__(self, study: Study, source: str, files: Sequence[Path] = ()) -> None:
        self.study, self.source, self.files = study, source, files
        self.report = ImportReport()
        self.inserts = BulkInserts()
        self._people = PersonKeys(self.inserts)
        self._import_run: Run | None = None
        self._runs: dict[str, Run] = {}
        self._corpora: dict[str, Corpus] = {}
        self._rows: Counter[int] = Counter()  # new rows by run
        self.tallies: dict[str, Tally] = defaultdict(Tally)  # new conversations by corpus

    def problem(self, at: Place, field: str, what: str, remedy: str, value: object = NO_VALUE) -> None:
        self.report.problems.append(Problem(at, field, what, remedy, value))

    def run(self, stage: Stage, name: str, model_name: str = "", inputs: Iterable[Run] = (), **parameters: Any) -> Run:
        """The imported run of this stage, name and model: found by its fingerprint, else made, complete."""
        known = {"source": self.source, "name": name, "model": model_name}
        fingerprint = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()
        key = f"{stage}:{fingerprint}"
        if key not in self._runs:
            now = timezone.now()
            fields: dict[str, Any] = {"backend": BACKEND, "model_name": model_name, "state": RunState.COMPLETE}
            fields |= {"started_at": now, "finished_at": now}
            fields |= {"parameters": {"source": self.source, "name": name} | parameters}
            run, made = Run.objects.get_or_create(
                study=self.study, stage=stage, fingerprint=fingerprint, defaults=fields
            )
            RunInput.objects.bulk_create(RunInput(run=run, source=source) for source in inputs if made)
            self._runs[key] = run
        return self._runs[key]

    def import_run(self) -> Run:
        """The run that stands for these very files, made when the first conversation needs it."""
        if self._import_run is None:
            self.inserts.settle()
            sums = sorted(f"{path.name} {checksum(path)}" for path in self.files)
            digest = hashlib.sha256("\n".join(sums).encode()).hexdigest()
            self._import_run = self.report.run = self.run(Stage.IMPORT, f"files {digest[:16]}", files=sums)
        return self._import_run

    def add_rows(self, run: Run, count: int) -> None:
        self._rows[run.pk] += count

    def save_counts(self) -> None:
        note_tallies(study=self.study, tallies=self.tallies)
        for run in self._runs.values():
            if added := self._rows[run.pk]:
                total = run.n_units + added
                Run.objects.filter(pk=run.pk).update(n_units=total, n_done=total, finished_at=timezone.now())

    def corpus(self, slug: str) -> Corpus | None:
        if slug not in self._corpora:
            found = Corpus.objects.filter(study=self.study, slug=slug).first()
            if found is None:
                return None
            self._corpora[slug] = found
        return self._corpora[slug]

    def corpus_made(self, corpus: Corpus) -> None:
        """Made by this import: nobody stands in it whom this import has not written."""
        self.tallies[corpus.slug] = Tally()
        self._corpora[corpus.slug] = corpus
        self._people.nobody_stands_in(corpus.slug)

    def people(self, refs: Iterable[PersonRef]) -> dict[PersonRef, Person]:
        """The people named, made where they are new. Their corpora stand already."""
        wanted = list(dict.fromkeys(refs))
        self.person_keys(wanted)
        self.inserts.settle()
        return self.known_people(wanted)

    def person_keys(self, refs: Iterable[PersonRef]) -> tuple[dict[PersonRef, int], set[PersonRef]]:
        """Their database keys; and those among them who are new, whose rows are on their way."""
        by_corpus: dict[str, list[str]] = defaultdict(list)
        for ref in dict.fromkeys(refs):
            by_corpus[ref.corpus].append(ref.source_id)
        found: dict[PersonRef, int] = {}
        made: set[PersonRef] = set()
        for slug, names in by_corpus.items():
            keys, new = self._people.keys(self._corpus_key(slug), slug, names)
            found |= {PersonRef(slug, name): key for name, key in keys.items()}
            made |= {PersonRef(slug, name) for name in new}
        self.report.count("people", len(made))
        return found, made

    def _corpus_key(self, slug: str) -> int:
        if slug not in self._corpora:
            self.inserts.settle()
        corpus = self.corpus(slug)
        if corpus is None:
            raise LookupError(f"the source named a person of corpus {slug!r} before the corpus")
        return corpus.pk

    def _known_keys(self, refs: Iterable[PersonRef]) -> dict[PersonRef, int]:
        by_corpus: dict[str, list[str]] = defaultdict(list)
        for ref in refs:
            by_corpus[ref.corpus].append(ref.source_id)
        found: dict[PersonRef, int] = {}
        for slug, names in by_corpus.items():
            if (corpus := self.corpus(slug)) is not None:
                found |= {PersonRef(slug, name): key for name, key in standing_keys(corpus.pk, names).items()}
        return found

    def known_people(self, refs: Iterable[PersonRef]) -> dict[PersonRef, Person]:
        keys = self._known_keys(set(refs))
        rows = Person.objects.select_related("corpus").in_bulk(keys.values())
        return {ref: rows[key] for ref, key in keys.items()}

    def prompts(self, refs: Iterable[PromptRef]) -> dict[PromptRef, Prompt]:
        refs = set(refs)
        rows = Prompt.objects.filter(
            study=self.study,
            source__in={ref.source for ref in refs},
            source_id__in={ref.source_id for ref in refs},
        )
        found = {PromptRef(row.source, row.source_id): row for row in rows}
        return {ref: row for ref, row in found.items() if ref in refs}

    def prompt_missing(self, at: Place, ref: PromptRef) -> None:
        remedy = "import it with, or after, a file that gives it (task5_items, task3_relevance_clf, task6_items)"
        self.problem(at, "prompt_index", "no file gives the text of this prompt", remedy, ref.source_id)


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def batches(items: Iterable[Item], order: Sequence[type], report: ImportReport) -> Iterator[list[Located[Record]]]:
    """The records in lists of one kind, in the ``order`` of kinds within a stretch of the input; problems and omissions
    go to the report on the way. A stretch ends when one kind fills a batch: what refers to a record comes after it.
    """
    stretch: dict[type, list[Located[Record]]] = {kind: [] for kind in order}
    letters = 0
    for item in items:
        if isinstance(item, Problem):
            report.problems.append(item)
        elif isinstance(item, NotImported):
            report.left_out[item.reason] += item.count
        else:
            batch = stretch[type(item.record)]
            batch.append(item)
            most = BATCH
            if isinstance(item.record, ConversationRecord):
                letters += sum(len(turn.content) for turn in item.record.turns)
                most = CONVERSATIONS
            if len(batch) >= most or letters >= LETTERS:
                yield from filter(None, stretch.values())
                stretch, letters = {kind: [] for kind in order}, 0
    yield from filter(None, stretch.values())
