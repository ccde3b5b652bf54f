"""Import: a file in WildChat's layout through import_corpus, and through orjson and COPY alone, side by side.

    python -m benchmarks.pipeline_import [SIZE ...] [--full]

Each way runs in a process of its own (peak memory by the kernel's count), into its own database on one private server.
The bare way parses each line, keeps what import_corpus keeps, and COPYs it into tables with the same columns and
indexes, in one transaction: no checks, no foreign keys, people in a dict.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson
import psycopg

from tests.services import private_postgres

QUICK, USUAL, FULL = (10_000,), (10_000, 100_000), (10_000, 100_000, 1_000_000)
TURNS = {10_000: 3}  # measured so often, the median is taken; else once
PER_PERSON = 5
PEOPLE = "corpus_id, public_id, source_id"
CHATS = "person_id, run_id, public_id, source_id, position, turns, n_turns, toxic, redacted, language, model_name, "
CHATS += "started_at, sha256"


class Way(NamedTuple):
    seconds: float
    peak_mb: float
    rows: int


@dataclass(frozen=True)
class Row:
    conversations: int
    megabytes: float  # of the file
    ours: Way
    bare: Way

    @property
    def ratio(self) -> float:
        """How many times as long an import takes as the bare way."""
        return self.ours.seconds / self.bare.seconds


def measure(n: int) -> Row:
    """``n`` conversations both ways, in turn; of several turns, the one with the middle ratio."""
    with tempfile.TemporaryDirectory(prefix="fitting-room-bench-") as name, private_postgres() as url:
        path = Path(name) / "wildchat.jsonl"
        write_material(path, n, "import")
        megabytes = path.stat().st_size / 1e6
        rows = [Row(n, megabytes, *_both_ways(url, path, turn)) for turn in range(TURNS.get(n, 1))]
    return sorted(rows, key=lambda row: row.ratio)[len(rows) // 2]


def _both_ways(url: str, path: Path, turn: int) -> Iterator[Way]:
    for way in ("ours", "bare"):
        name = f"{way}_{turn}"
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}".encode())
        found = _in_own_process(way, path, urlsplit(url)._replace(path=f"/{name}").geturl())
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        yield found


def _in_own_process(way: str, path: Path, url: str) -> Way:
    own = {"DATABASE_URL": url, "REDIS_URL": "", "DATA_DIR": str(path.parent / "data"), "DEMO": "0"}
    own |= {"SECRET_KEY": secrets.token_hex(40), "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "WARNING"}
    command = [sys.executable, "-m", "benchmarks.pipeline_import"]
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=os.environ | own, check=True)
    done = subprocess.run([*command, "--way", way, str(path)], env=os.environ | own, check=True, stdout=subprocess.PIPE)
    return Way(**json.loads(done.stdout.splitlines()[-1]))


def import_ours(path: Path) -> int:
    from annotation.domain.importing import import_corpus

    return import_corpus(source="wildchat", path=path, slug="bench").new["conversations"]


def import_bare(path: Path) -> int:
    people: dict[str, int] = {}
    chats: dict[str, int] = {}
    with psycopg.connect(os.environ["DATABASE_URL"]) as server, server.cursor() as cursor:
        for name in ("person", "conversation"):
            cursor.execute(f"CREATE TABLE bare_{name} (LIKE pipeline_{name} INCLUDING ALL)".encode())
        with cursor.copy(f"COPY bare_conversation ({CHATS}) FROM STDIN".encode()) as copy, path.open("rb") as lines:
            for line in lines:
                copy.write_row(_bare_row(orjson.loads(line), people, chats))
        with cursor.copy(f"COPY bare_person ({PEOPLE}) FROM STDIN".encode()) as copy:
            for source_id in people:
                copy.write_row((1, secrets.token_hex(13), source_id))
        return int(cursor.execute("SELECT count(*) FROM bare_conversation").fetchone()[0])  # type: ignore[index]


def _bare_row(row: dict[str, Any], people: dict[str, int], chats: dict[str, int]) -> tuple[Any, ...]:
    name = row["hashed_ip"]
    person = people.setdefault(name, len(people) + 1)
    position = chats[name] = chats.get(name, -1) + 1
    turns = orjson.dumps([{"role": turn["role"], "content": turn["content"]} for turn in row["conversation"]])
    said = (turns.decode(), len(row["conversation"]), row["toxic"], row["redacted"], row["language"], row["model"])
    named = (person, 1, secrets.token_hex(13), row["conversation_hash"], position)
    return (*named, *said, row["timestamp"], hashlib.sha256(turns).hexdigest())


def write_material(path: Path, n: int, seed: str) -> None:
    """Conversations of 2 to 10 turns, 5 a person on average, by seed: about 4 KB a line as in the original."""
    draw = random.Random(seed)
    words = ["".join(draw.choices("etaoinshrdlucmfwypvbgkjqxz", k=draw.randint(2, 10))) for _ in range(4000)]
    passages = [" ".join(draw.choices(words, k=draw.randint(8, 120))) + ".\n" for _ in range(5000)]
    with path.open("wb") as file:
        for number in range(n):
            file.write(orjson.dumps(_conversation(draw, passages, number, n), option=orjson.OPT_APPEND_NEWLINE))


def _conversation(draw: random.Random, passages: list[str], number: int, n: int) -> dict[str, Any]:
    near = max(0, number + draw.randint(-200, 200)) // PER_PERSON
    person = hashlib.sha256(str(near).encode()).hexdigest()
    when = f"2024-{number * 12 // n + 1:02d}-{number % 28 + 1:02d}T12:{number % 60:02d}:00+00:00"
    texts = [draw.choice(passages) for _ in range(draw.randint(1, 5) * 2)]
    texts[0] = f"{number}: {texts[0]}"
    turns = [_turn(place, text, person, number, when) for place, text in enumerate(texts)]
    header = {"accept-language": "en-US,en;q=0.9", "user-agent": "Mozilla/5.0"}
    common = {"toxic": number % 40 == 0, "redacted": False, "state": "Texas", "country": "United States"}
    common |= {"hashed_ip": person, "header": header}
    start: dict[str, Any] = {"conversation_hash": hashlib.md5(f"{number}".encode()).hexdigest(), "model": "gpt-4"}
    start |= {"timestamp": when, "conversation": turns, "turn": len(texts) // 2, "language": "English"}
    return start | {"openai_moderation": [], "detoxify_moderation": []} | common


def _turn(place: int, text: str, person: str, number: int, when: str) -> dict[str, Any]:
    by_person = place % 2 == 0
    said: dict[str, Any] = {"content": text, "country": "United States" if by_person else None, "language": "English"}
    said |= {"hashed_ip": person if by_person else None, "redacted": False, "toxic": False}
    said |= {"header": {"accept-language": "en-US", "user-agent": "Mozilla/5.0"} if by_person else None}
    said |= {"role": "user" if by_person else "assistant", "state": "Texas" if by_person else None}
    return said | {"timestamp": None if by_person else when, "turn_identifier": number * 100 + place // 2}


HEAD = "| conversations | file MB | import s | a second | peak MB | orjson + COPY s | peak MB | ratio |"


def drawn(rows: list[Row]) -> str:
    return "\n".join([HEAD, "|" + "---|" * (HEAD.count("|") - 1), *map(_line, rows)])


def _line(row: Row) -> str:
    ours, bare = row.ours, row.bare
    cells = [f"{row.conversations:,}", f"{row.megabytes:,.0f}", f"{ours.seconds:.1f}"]
    cells += [f"{row.conversations / ours.seconds:,.0f}", f"{ours.peak_mb:.0f}"]
    cells += [f"{bare.seconds:.1f}", f"{bare.peak_mb:.0f}", f"{row.ratio:.2f}"]
    return f"| {' | '.join(cells)} |"


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _go(way: str, path: Path) -> Way:
    import django

    django.setup()
    import annotation.domain.importing  # noqa: F401 - both ways' modules are loaded before the clock starts

    began = time.monotonic()
    rows = import_ours(path) if way == "ours" else import_bare(path)
    return Way(time.monotonic() - began, _peak_mb(), rows)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pipeline_import", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, help=f"conversations; {USUAL} unless given")
    parser.add_argument("--full", action="store_true", help="up to a million: 4 GB of file, as much of database")
    parser.add_argument("--way", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        print(json.dumps(_go(given.way[0], Path(given.way[1]))._asdict()))
        return
    print(drawn([]), flush=True)
    for n in given.sizes or (FULL if given.full else USUAL):
        print(_line(measure(n)), flush=True)


if __name__ == "__main__":
    main()
