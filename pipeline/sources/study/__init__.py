"""Source ``study``: the published study's own files, any subset of them, found by name below a folder.

Corpora: one per ``<corpus>_personas.jsonl`` / ``<corpus>_attrs_merged.jsonl``; the people of task 3, 5 and 6 are the
corpus ``wildchat``, those of task 1, whom the files only count, the corpus ``pilot-task1``. Prompts are ``lima`` by
their index, or the corpus's own in ``<corpus>_prompts.jsonl``. ``layouts`` gives the order of reading: what a record
refers to comes before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pipeline.sources.base import Item, Located, NotImported, Place, Problem, ReadOptions
from pipeline.sources.base import Sample as FileSample
from pipeline.sources.containers import json_lines
from pipeline.sources.fields import FieldError, Fields
from pipeline.sources.records import CorpusRecord, Record
from pipeline.sources.study.context import PILOT, STUDY_PEOPLE, Memory, Sample, StudyFile
from pipeline.sources.study.layouts import LAYOUTS, Layout
from pipeline.sources.study.material import personas, prompts

FORMAT = "study"
NOTICE_EVERY = 10_000  # lines
NOT_READ = {
    "behaviors": "expected behaviours: the platform has no place for them",
    "behaviors_simple": "expected behaviours: the platform has no place for them",
}
_SYNTHETIC, _HUMAN = "synthetic", "human"
_CORPORA = {
    "cupid": ("CUPID", _SYNTHETIC, "MIT", "CUPID benchmark, in the published study's layout"),
    "prefeval": ("PrefEval", _SYNTHETIC, "CC BY-NC 4.0", "PrefEval benchmark, in the published study's layout"),
    "personalens": (
        "PersonaLens",
        _SYNTHETIC,
        "CC BY-NC 4.0",
        "PersonaLens benchmark, in the published study's layout",
    ),
    STUDY_PEOPLE: ("WildChat people of the study", _HUMAN, "", "arXiv 2606.06614; people chosen from WildChat"),
    PILOT: ("People of the pilot's task 1", _HUMAN, "", "arXiv 2606.06614; the files do not say who they are"),
    "demo": ("Demo people", _SYNTHETIC, "", "written for the demo of this platform"),
}


class StudySource:
    name = FORMAT

    def knows(self, sample: FileSample) -> str:
        """By the name of the file; a list of prompts also by whom its prompts are put to."""
        known = _layout_of(sample.file.path.resolve())
        if known is None or (known[0].parse is prompts and not sample.first("user_ids")):
            return ""
        return f"it is called as the study calls its files ({known[0].example})"

    def files(self, path: Path) -> list[Path]:
        return [file.path for _, file in _known_files(path, path if path.is_dir() else path.parent)[0]]

    def read(self, path: Path, options: ReadOptions) -> Iterator[Item]:
        root = path if path.is_dir() else path.parent
        files, others = _known_files(path, root)
        if not files:
            yield _nothing_known(path)
            return
        yield from others
        memory = Memory()
        yield from _read_groups(path, root, memory)
        _remember_samples(files, memory)
        introduced: set[str] = set()
        for layout, file in files:
            options.notice(file.shown)
            yield from _read_file(layout, file, memory, options, introduced)


def _known_files(path: Path, root: Path) -> tuple[list[tuple[Layout, StudyFile]], list[NotImported]]:
    """The files in the order of LAYOUTS, by name within one; and a remark for each that is known and left out."""
    found: list[tuple[int, str, Layout, StudyFile]] = []
    left_out: list[NotImported] = []
    candidates = sorted([*path.rglob("*.jsonl"), *path.rglob("*.jsonl.gz")]) if path.is_dir() else [path]
    for candidate in candidates:
        shown = candidate.relative_to(root).as_posix()
        if candidate.parent.name in NOT_READ:
            left_out.append(NotImported(f"files in {candidate.parent.name}/ ({NOT_READ[candidate.parent.name]})"))
            continue
        known = _layout_of(candidate)
        if known and candidate.is_file():
            layout, words = known
            found.append((LAYOUTS.index(layout), shown, layout, StudyFile(candidate, shown, words)))
        else:
            left_out.append(NotImported(f"files of no known layout ({shown})"))
    found.sort(key=lambda entry: entry[:2])
    return [(layout, file) for _, _, layout, file in found], left_out


def _layout_of(path: Path) -> tuple[Layout, dict[str, str]] | None:
    """The layout that files of this name have, packed or not, and what the name says besides."""
    for layout in LAYOUTS:
        if match := layout.pattern.search(f"/{path.parent.name}/{path.name.removesuffix('.gz')}"):
            return layout, match.groupdict()
    return None


def _nothing_known(path: Path) -> Problem:
    names = ", ".join(layout.example for layout in LAYOUTS)
    if not path.exists():
        return Problem(Place(str(path)), "", "there is no such file or folder", "check the path")
    return Problem(
        Place(str(path)), "", "none of the study's files is here", f"give the folder that holds some of: {names}"
    )


def _read_groups(path: Path, root: Path, memory: Memory) -> Iterator[Problem]:
    """raters.json, where there is one: which group each rater belonged to."""
    for file in sorted(path.rglob("raters.json")) if path.is_dir() else []:
        place = Place(file.relative_to(root).as_posix())
        try:
            groups = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(groups, dict):
                raise FieldError("", "expected one object of rater: group", "write it in { }", groups)
            memory.groups.update({rater: Fields(groups).text(rater)[:32] for rater in groups})
        except FieldError as error:
            yield error.at(place)
        except ValueError as error:
            yield Problem(place, "", f"broken JSON: {error}", "mend the file, or leave it out")


def _remember_samples(files: list[tuple[Layout, StudyFile]], memory: Memory) -> None:
    """Which person and prompt each sample of task 3 is: some of its files give one, some the other, some both.

    Bad lines are passed over here; they are reported when their file's turn comes.
    """
    for layout, file in files:
        if layout.sample_key is None:
            continue
        for entry in json_lines(file.path, file.shown):
            if isinstance(entry, Problem):
                continue
            fields = entry[1]
            try:
                memory.remember(
                    fields.integer(layout.sample_key),
                    Sample(
                        fields.identifier("user_id") if "user_id" in fields else None,
                        fields.integer("prompt_index") if "prompt_index" in fields else None,
                    ),
                )
            except FieldError:
                continue


def _read_file(
    layout: Layout, file: StudyFile, memory: Memory, options: ReadOptions, introduced: set[str]
) -> Iterator[Item]:
    try:
        yield from _introduce(layout.corpora(file), file, options, introduced)
    except FieldError as error:
        yield error.at(Place(file.shown))
        return
    for count, entry in enumerate(json_lines(file.path, file.shown), start=1):
        if count % NOTICE_EVERY == 0:
            options.notice(f"{file.shown}: {count:,} lines")
        if isinstance(entry, Problem):
            if layout.parse is personas:  # whose conversation it was is unreadable too
                memory.lost.add(file.words["corpus"])
            yield entry
            continue
        place, fields = entry
        try:
            records = list(layout.parse(fields, file, memory))
        except FieldError as error:
            yield error.at(place)
            continue
        for record in records:
            yield record if isinstance(record, NotImported) else Located(place, record)


def _introduce(
    corpora: tuple[str, ...], file: StudyFile, options: ReadOptions, introduced: set[str]
) -> list[Located[Record]]:
    """The records of corpora not named yet. Raises FieldError for one that may be human or synthetic."""
    records: list[Located[Record]] = []
    for slug in corpora:
        if slug in introduced:
            continue
        title, kind, licence, provenance = _CORPORA.get(slug, (slug, options.kinds.get(slug, ""), "", ""))
        if not kind:
            remedy = f"say which with --kind {slug}=human or --kind {slug}=synthetic"
            raise FieldError("", f"nobody knows whether the people of corpus {slug!r} are human or synthetic", remedy)
        introduced.add(slug)
        record = CorpusRecord(slug, title, kind, FORMAT, licence, provenance)
        records.append(Located(Place(file.shown), record))
    return records
