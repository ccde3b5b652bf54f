"""What all formats of one record a line share: finding their files, naming corpora, counting people's conversations."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.sources.base import InputFile, Item, Located, NotImported, Place, Problem, ReadOptions, Sample
from pipeline.sources.containers import container_of, input_files, stem_of, values
from pipeline.sources.fields import FieldError, Fields, kind_of
from pipeline.sources.records import ConversationRecord, CorpusRecord, PromptRecord, Record

HUMAN, SYNTHETIC = "human", "synthetic"
LONGEST_SLUG = 64
_SAMPLED, _LOOKED_AT = 3, 20  # records
_HOPELESS = 100  # bad records, and no good one before


@dataclass(frozen=True)
class CorpusInfo:
    """What is known of a corpus before its file is read; ``kind`` "" where the format does not say."""

    title: str
    kind: str = ""
    licence: str = ""
    provenance: str = ""


@dataclass
class Reading:
    """One reading of a path, and what it must remember of it: small, and growing with people only."""

    corpus: str  # slug
    options: ReadOptions
    file: InputFile
    root: Path
    number: int = 0  # of the record in its file, from 1
    positions: Counter[str] = field(default_factory=Counter)  # by person, or by corpus and person
    kept: dict[str, Any] = field(default_factory=dict)

    def next_position(self, person: str, count: int = 1) -> int:
        """The place of the person's next conversation, or of the first of the next ``count``. To be taken before the
        turns are read: a bad conversation keeps its place, so that the mended file has the same places for the others.
        """
        position = self.positions[person]
        self.positions[person] = position + count
        return position


Parsed = Iterable[Record | NotImported]
Parse = Callable[[Fields, Reading], Parsed]


@dataclass(frozen=True)
class RecordSource:
    """A source whose files hold one record after another. ``parse`` gives what one record means; ``names_corpus``: the
    format is one data set's own, else the corpus is called as the path is. ``columns`` are all that Parquet is asked
    for. ``others`` says of a file that is not read why; "" leaves it to be said that nobody knows it.
    """

    name: str
    recognise: Callable[[Sample], str]
    parse: Parse
    corpora: Mapping[str, CorpusInfo] = field(default_factory=dict)
    corpus: str = ""
    columns: tuple[str, ...] = ()
    texts: bool = False  # a record may be a bare text; parse gets it as the field ``text``
    others: Callable[[Sample], str] = lambda sample: ""
    finish: Callable[[Reading], Parsed] = lambda reading: ()  # what a file still owes at its end

    def knows(self, sample: Sample) -> str:
        return self.recognise(sample)

    def files(self, path: Path) -> list[Path]:
        return [file.path for file, why in self._chosen(path) if why is None]

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        if not path.exists():
            yield Problem(Place(str(path)), "", "there is no such file or folder", "check the path")
            return
        chosen = self._chosen(path)
        files = [file for file, why in chosen if why is None]
        yield from (NotImported(why) for _, why in chosen if why is not None)
        if not files:
            seen = ", ".join(file.shown for file, _ in chosen[:6]) or "no file that could be read"
            remedy = "give the file or folder that holds it, or another --format"
            yield Problem(Place(str(path)), "", f"nothing here is {self.name}: there is {seen}", remedy)
            return
        root = path if path.is_dir() else path.parent
        reading = Reading(options.corpus or self.corpus or slug_of(path), options, files[0], root)
        introduced: set[str] = set()
        for file in files:
            reading.file = file
            options.notice(file.shown)
            yield from self._read_file(reading, introduced)

    def _chosen(self, path: Path) -> list[tuple[InputFile, str | None]]:
        """The files below the path; with each that is not read, why. A named file is read whatever it holds, and one
        that cannot be looked into is read too, so that its problem is told.
        """
        if not path.is_dir():
            return [(file, None) for file in input_files(path)]
        return [(file, self._reason_against(sample_of(file))) for file in input_files(path)]

    def _reason_against(self, sample: Sample) -> str | None:
        other = self.others(sample)
        if not other and (self.recognise(sample) or sample.problem):
            return None
        return other or f"files of no known layout ({sample.file.shown})"

    def _read_file(self, reading: Reading, introduced: set[str]) -> Iterator[Item]:
        reading.number, bad = 0, 0
        whole = Place(reading.file.shown)
        for item in values(reading.file, reading.options.notice, self.columns):
            reading.number += 1
            found = self._parsed(item, reading)
            if isinstance(found, Problem):
                bad += 1
                yield found
                if bad == reading.number == _HOPELESS:
                    yield self._hopeless(whole)
                    return
                continue
            place = item[0] if isinstance(item, tuple) else whole
            try:
                yield from self._located(found, place, reading, introduced)
            except FieldError as error:
                yield error.at(whole)
                return
        try:
            yield from self._located(list(self.finish(reading)), whole, reading, introduced)
        except FieldError as error:
            yield error.at(whole)

    def _parsed(self, item: tuple[Place, Any] | Problem, reading: Reading) -> list[Record | NotImported] | Problem:
        if isinstance(item, Problem):
            return item
        try:
            return list(self.parse(self._fields(item[1]), reading))
        except FieldError as error:
            return error.at(item[0])

    def _hopeless(self, whole: Place) -> Problem:
        """Not a million times the same message."""
        what = f"none of the first {_HOPELESS} records is a good one of {self.name}; what follows was not read"
        return Problem(whole, "", what, "check that this is the right file and --format")

    def _located(
        self, found: list[Record | NotImported], place: Place, reading: Reading, introduced: set[str]
    ) -> Iterator[Item]:
        """The records where they stood, behind corpora that they are the first to name. Raises FieldError for a corpus
        of unknown kind.
        """
        for slug in (slug for record in found for slug in _corpora_of(record) if slug not in introduced):
            yield Located(Place(reading.file.shown), self._introduction(slug, reading))
            introduced.add(slug)
        for record in found:
            yield record if isinstance(record, NotImported) else Located(place, record)

    def _fields(self, value: object) -> Fields:
        if self.texts and isinstance(value, str):
            value = {"text": value}
        if not isinstance(value, dict):
            remedy = f"check that this is a file of {self.name}: each record must be one object"
            raise FieldError("", f"expected an object, found {kind_of(value)}", remedy, value)
        return Fields(value)

    def _introduction(self, slug: str, reading: Reading) -> CorpusRecord:
        options, own = reading.options, slug.removeprefix(reading.corpus)
        info = self.corpora.get((self.corpus or reading.corpus) + own, CorpusInfo(reading.corpus + own))
        kind = options.kinds.get(slug) or options.kinds.get("") or info.kind
        if not kind:
            what = f"nobody knows whether the people of corpus {slug!r} are human or synthetic"
            raise FieldError("", what, f"say which with --kind {slug}=human or --kind {slug}=synthetic")
        title = slug if options.corpus else info.title
        return CorpusRecord(slug, title, kind, self.name, options.licence or info.licence, info.provenance)


def _corpora_of(record: Record | NotImported) -> Iterable[str]:
    if isinstance(record, ConversationRecord):
        return (record.person.corpus,)
    return {person.corpus for person in record.people} if isinstance(record, PromptRecord) else ()


def sample_of(file: InputFile) -> Sample:
    """The first records of a file that can be read: enough to tell its format."""
    found: list[Any] = []
    problem = None
    for item in islice(values(file), _LOOKED_AT):
        if isinstance(item, Problem):
            problem = problem or item
            continue
        found.append(item[1])
        if len(found) == _SAMPLED:
            break
    return Sample(file, tuple(found), None if found else problem)


def slug_of(path: Path) -> str:
    """What a corpus is called after its file or folder: small letters, digits, - and _."""
    name = path.resolve().name
    stem = stem_of(Path(name)) if container_of(path) else name
    slug = re.sub(r"[^a-z0-9_]+", "-", stem.lower()).strip("-")[:LONGEST_SLUG]
    return slug or "corpus"
