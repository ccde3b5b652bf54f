"""The two databases, filled once for a size and copied for each measurement."""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from benchmarks.material import CAMPAIGN, GOLD
from tests.services import private_postgres

JUDGMENTS = "SELECT count(*) FROM annotation_judgment"


class Source(ABC):
    """A filled database. Nothing is measured on it; ``copy`` gives the environment of a fresh copy."""

    name: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = count(1)

    def environment(self, **more: str) -> dict[str, str]:
        data = self.folder / f"{self.name}-{next(self.numbers)}"
        data.mkdir()
        common = {"DATA_DIR": str(data), "SECRET_KEY": secrets.token_hex(40), "DEMO": "0", "LOG_LEVEL": "WARNING"}
        return common | {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": "", "REDIS_URL": ""} | more

    def fill_in(self, environment: dict[str, str], judgments: int, gold: int) -> None:
        command = [sys.executable, "-m", "benchmarks.material", str(judgments), str(gold)]
        subprocess.run(command, env=os.environ | environment, check=True)
        self.filled = environment

    @abstractmethod
    def fill(self, judgments: int, gold: int = GOLD) -> None: ...

    @abstractmethod
    def copy(self) -> AbstractContextManager[dict[str, str]]: ...

    @abstractmethod
    def judgments(self, environment: dict[str, str]) -> int: ...


class SQLite(Source):
    name = "SQLite"

    def fill(self, judgments: int, gold: int = GOLD) -> None:
        self.fill_in(self.environment(), judgments, gold)

    @contextmanager
    def copy(self) -> Iterator[dict[str, str]]:
        environment = self.environment()
        shutil.copytree(self.filled["DATA_DIR"], environment["DATA_DIR"], dirs_exist_ok=True)
        yield environment
        shutil.rmtree(environment["DATA_DIR"])

    def judgments(self, environment: dict[str, str]) -> int:
        path = Path(environment["DATA_DIR"]) / "fitting-room.sqlite3"
        return int(sqlite3.connect(path).execute(JUDGMENTS).fetchone()[0])


class PostgreSQL(Source):
    name = "PostgreSQL"

    def __init__(self, folder: Path, url: str) -> None:
        super().__init__(folder)
        self.url = url

    def fill(self, judgments: int, gold: int = GOLD) -> None:
        self.fill_in(self._made("CREATE DATABASE {}"), judgments, gold)

    def _made(self, statement: str) -> dict[str, str]:
        name = f"bench_{next(self.numbers)}"
        with psycopg.connect(self.url, autocommit=True) as server:
            server.execute(statement.format(name))
        return self.environment(DATABASE_URL=urlsplit(self.url)._replace(path=f"/{name}").geturl())

    @contextmanager
    def copy(self) -> Iterator[dict[str, str]]:
        template = urlsplit(self.filled["DATABASE_URL"]).path[1:]
        environment = self._made(f"CREATE DATABASE {{}} TEMPLATE {template}")
        shutil.copytree(self.filled["DATA_DIR"], environment["DATA_DIR"], dirs_exist_ok=True)
        yield environment
        name = urlsplit(environment["DATABASE_URL"]).path[1:]
        with psycopg.connect(self.url, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def judgments(self, environment: dict[str, str]) -> int:
        return int(_one(environment["DATABASE_URL"], JUDGMENTS))


def campaign_in(url: str) -> int:
    """The key of the measured campaign."""
    return int(_one(url, f"SELECT id FROM annotation_campaign WHERE public_id = '{CAMPAIGN}'"))


def _one(url: str, question: str) -> int:
    with psycopg.connect(url) as server:
        row = server.execute(question.encode()).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def sqlite_source(folder: Path) -> Iterator[Source]:
    yield SQLite(folder)


@contextmanager
def postgresql_source(folder: Path) -> Iterator[Source]:
    with private_postgres() as url:
        yield PostgreSQL(folder, url)


ENGINES: dict[str, Callable[[Path], AbstractContextManager[Source]]] = {
    "postgresql": postgresql_source,
    "sqlite": sqlite_source,
}
