"""What raters said of themselves, or their recruiter did: taken in from a table, shown in releases only in cells of
enough people (annotation.releases.cells), gone with what a rater has erased."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

from django.db import transaction

from annotation.domain.errors import AnnotationError
from annotation.domain.recruiting.ids import participant_hash
from annotation.domain.withdrawing import audit_subject
from annotation.enums import RecruiterName
from annotation.models import Demographic, Participant, Rater
from studies.domain.audit import Detail, record_event
from studies.models import AuditEvent, Study, User

PSEUDONYM, RECRUITER_ID = "pseudonym", "participant id"
LONGEST_FIELD, LONGEST_VALUE = 64, 200
SHOWN = 20
NOT_TOLD = ("", "CONSENT_REVOKED", "DATA_EXPIRED")  # what Prolific writes where it has nothing to give


class DemographicsRefused(AnnotationError):
    """Nothing was changed. ``problems``: one sentence each with file, line, field, value and remedy."""

    def __init__(self, problems: list[str]) -> None:
        more = len(problems) - SHOWN
        super().__init__("\n".join([*problems[:SHOWN], *([f"... and {more} more"] if more > 0 else [])]))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Imported:
    """``values`` were stored, of ``participants`` people; ``changed`` of them in place of others."""

    participants: int
    values: int
    changed: int


class Told(NamedTuple):
    """One line: whose it is, and what it says of them by field."""

    line: int
    key: str
    values: Mapping[str, str]


@transaction.atomic
def import_demographics(*, study: Study, content: bytes, file: str, actor: User | None = None) -> Imported:
    """Stores every value of the CSV table ``content``; what a person's field said before is replaced, an empty cell
    says nothing. The column ``pseudonym`` or ``participant id`` (the recruiter's) says whose a line is.

    Raises DemographicsRefused, having changed nothing, where a line names nobody in the study, or somebody who had
    their traces erased, or a field or value cannot be stored.
    """
    keyed_by, told = _read(content, file)
    people = _people(study, keyed_by, told)
    gone = _erased(study, people)
    problems = [*_problems_of_people(file, keyed_by, told, people, gone), *_problems_of_values(file, told)]
    if problems:
        raise DemographicsRefused(problems)
    wanted = {(people[row.key].pk, field): value for row in told for field, value in row.values.items()}
    changed = _store(wanted)
    imported = Imported(len({pk for pk, _ in wanted}), len(wanted), changed)
    detail: Detail = {"file": file, **asdict(imported)}
    record_event(study=study, actor=actor, verb="import_demographics", subject=f"study:{study.slug}", detail=detail)
    return imported


def _read(content: bytes, file: str) -> tuple[str, list[Told]]:
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except UnicodeDecodeError as error:
        raise DemographicsRefused([f"{file}: byte {error.start} is not UTF-8; save the table as CSV UTF-8"]) from error
    except csv.Error as error:
        raise DemographicsRefused([f"{file}: is no CSV table ({error}); save it as CSV again"]) from error
    if not rows:
        raise DemographicsRefused([f"{file}: the file is empty; give a table with a line of column names"])
    names = [name.strip() for name in rows[0]]
    keyed_by = _key_column(file, names)
    return keyed_by, list(_told(file, names, keyed_by, rows))


def _key_column(file: str, names: list[str]) -> str:
    lowered = [name.lower().replace("_", " ") for name in names]
    keys = [name for name in (PSEUDONYM, RECRUITER_ID) if name in lowered]
    problems = []
    if len(keys) != 1:
        problems.append(f"{file}:1: the columns are {names}; one of them must be 'pseudonym' or 'participant id'")
    for name in names:
        if not name or len(name) > LONGEST_FIELD or "\x00" in name:
            problems.append(f"{file}:1: the column name {name!r} must have 1 to {LONGEST_FIELD} characters; rename it")
    if len(set(lowered)) != len(lowered):
        problems.append(f"{file}:1: the columns {names} repeat a name; name each once")
    if problems:
        raise DemographicsRefused(problems)
    return keys[0]


def _told(file: str, names: list[str], keyed_by: str, rows: list[list[str]]) -> Iterator[Told]:
    place = [name.lower().replace("_", " ") for name in names].index(keyed_by)
    for line, cells in enumerate(rows[1:], start=2):
        if not any(cells):
            continue
        if len(cells) != len(names):
            problem = f"{file}:{line}: has {len(cells)} cells, not {len(names)}; quote cells that hold commas"
            raise DemographicsRefused([problem])
        values = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
        key = values.pop(names[place])
        yield Told(line, key, {name: value for name, value in values.items() if value not in NOT_TOLD})


def _people(study: Study, keyed_by: str, told: list[Told]) -> dict[str, Participant]:
    """By what the table calls them."""
    if keyed_by == PSEUDONYM:
        named = Participant.objects.filter(study=study, pseudonym__in={row.key for row in told})
        return {participant.pseudonym: participant for participant in named}
    hashes = {
        participant_hash(study, recruiter, row.key): row.key for row in told for recruiter in RecruiterName.values
    }
    found = Participant.objects.filter(study=study, recruiter_id_hash__in=hashes)
    return {hashes[participant.recruiter_id_hash]: participant for participant in found}


def _erased(study: Study, people: Mapping[str, Participant]) -> set[int]:
    """Participants who had their traces erased anywhere in the study."""
    raters = Rater.objects.filter(participant__in=people.values())
    subjects = {
        audit_subject(pseudonym, slug): pk
        for pk, pseudonym, slug in raters.values_list("participant", "participant__pseudonym", "campaign__slug")
    }
    events = AuditEvent.objects.filter(study=study, verb="withdraw_rater", subject__in=subjects, detail__erase=True)
    return {subjects[subject] for subject in events.values_list("subject", flat=True)}


def _problems_of_people(
    file: str, keyed_by: str, told: list[Told], people: Mapping[str, Participant], gone: set[int]
) -> Iterator[str]:
    seen: dict[str, int] = {}
    for row in told:
        if row.key not in people:
            yield f"{file}:{row.line}: {keyed_by}: nobody in the study is {row.key!r}; correct it or drop the line"
        elif people[row.key].pk in gone:
            yield f"{file}:{row.line}: {keyed_by}: {row.key!r} had their traces erased; take the line away"
        elif row.key in seen:
            yield f"{file}:{row.line}: {keyed_by}: {row.key!r} stands in line {seen[row.key]} too; keep one of them"
        seen.setdefault(row.key, row.line)


def _problems_of_values(file: str, told: list[Told]) -> Iterator[str]:
    for row in told:
        for field, value in row.values.items():
            if len(value) > LONGEST_VALUE or "\x00" in value:
                yield (
                    f"{file}:{row.line}: {field}: {value[:40]!r}... has over {LONGEST_VALUE} characters or one that no "
                    "text has; shorten it"
                )


def _store(wanted: Mapping[tuple[int, str], str]) -> int:
    known = Demographic.objects.select_for_update().filter(participant_id__in={pk for pk, _ in wanted})
    standing = {(row.participant_id, row.field): row for row in known}
    changed = [row for key, row in standing.items() if key in wanted and row.value != wanted[key]]
    for row in changed:
        row.value = wanted[row.participant_id, row.field]
    Demographic.objects.bulk_update(changed, ["value"], batch_size=500)
    new = [key for key in wanted if key not in standing]
    Demographic.objects.bulk_create(
        [Demographic(participant_id=pk, field=field, value=wanted[pk, field]) for pk, field in new], batch_size=500
    )
    return len(changed)
