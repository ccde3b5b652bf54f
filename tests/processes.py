"""Real processes in tests: an environment of their own to run in, and who of them is still alive (Linux)."""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.services import free_port, postgres_folder

ROOT = Path(__file__).resolve().parents[1]
SQLITE = "fitting-room.sqlite3"  # as config.databases names it
KEY = "only-for-tests-" + "0123456789" * 4
MIGRATE = """
import gc
from django.core.management import call_command
gc.disable()
call_command("migrate", "--skip-checks", verbosity=0)
"""
COLLECT = "from config.preparing import collect_static; collect_static()"


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def alive(number: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def processes_on(data_dir: Path) -> list[int]:
    """Everything that was started with this DATA_DIR, by whomever, and still runs."""
    mark = f"DATA_DIR={data_dir}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return [number for number in found if alive(number)]


@contextmanager
def own_environment(
    data_dir: Path, *, migrated: bool = False, copy_of: dict[str, str] | None = None, **more: str
) -> Iterator[dict[str, str]]:
    """Variables for a copy of the product beside all others; whatever still runs on it afterwards is killed.

    Where the session has a PostgreSQL and a Redis (`make test`, second round), the copy gets a database there and a
    Redis database of its own (one per pytest process), else it runs embedded. ``migrated``: with its tables and static
    files, copied from templates that the first such test makes; ``copy_of``: with what another environment's has, whose
    processes have ended; else empty.
    """
    dropped = ("DJANGO_SETTINGS_MODULE", "TEST_NOTES", "TEST_ROUND", "DJANGO_ALLOW_ASYNC_UNSAFE", "TEST_TEMPLATES")
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    environment |= {"DATA_DIR": str(data_dir), "PORT": str(free_port()), "DEMO": "0", "PYTHONUNBUFFERED": "1"}
    environment |= {"SECRET_KEY": KEY, "LOCAL_WORKERS": "0"}
    redis = environment.get("REDIS_URL", "")
    if redis:
        number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) + 1
        environment["REDIS_URL"] = urlsplit(redis)._replace(path=f"/{number}").geturl()
    try:
        if migrated:
            shutil.copytree(static_files(), data_dir / "static")
        if migrated and not environment.get("DATABASE_URL"):
            shutil.copy(migrated_file(), data_dir / SQLITE)
        if copy_of and not environment.get("DATABASE_URL"):
            data_dir.mkdir(parents=True, exist_ok=True)
            shutil.copy(_settled(Path(copy_of["DATA_DIR"]) / SQLITE), data_dir / SQLITE)
        template = urlsplit(copy_of.get("DATABASE_URL", "")).path.strip("/") if copy_of else ""
        with own_database(environment.get("DATABASE_URL", ""), migrated=migrated, template=template) as url:
            yield environment | ({"DATABASE_URL": url} if url else {}) | more
            kill_all(data_dir)
    finally:
        kill_all(data_dir)


def kill_all(data_dir: Path) -> None:
    for number in processes_on(data_dir):
        if number != os.getpid():
            os.kill(number, signal.SIGKILL)


@contextmanager
def templates() -> Iterator[Path]:
    """The folder of what is made once and then copied: of all of `make test`, else of this process. For one process at
    a time, so that the others find whole what one has made."""
    folder = Path(os.environ.get("TEST_TEMPLATES") or own_folder())
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


@cache
def own_folder() -> str:
    folder = tempfile.mkdtemp(prefix="fitting-room-template-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def migrated_file() -> Path:
    """An SQLite file with every table and no row of ours."""
    with templates() as folder:
        made = folder / "migrated.sqlite3"
        if not made.exists():
            with tempfile.TemporaryDirectory(dir=folder) as name:
                _migrate(DATA_DIR=name, DATABASE_URL="")
                _settled(Path(name) / SQLITE).rename(made)
    return made


@cache
def static_files() -> Path:
    """STATIC_ROOT as `manage.py serve` fills it."""
    with templates() as folder:
        made = folder / "static"
        if not made.exists():
            with tempfile.TemporaryDirectory(dir=folder) as name:
                _manage("shell", "-v0", "-c", COLLECT, DATA_DIR=name, DATABASE_URL="")
                (Path(name) / "static").rename(made)
    return made


def _settled(file: Path) -> Path:
    """The same, with nothing left in its journal."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


@cache
def migrated_database(server: str) -> str:
    """The name of a database with every table on that PostgreSQL server; it goes with the server."""
    name = "template_shared" if "TEST_TEMPLATES" in os.environ else f"template_{os.getpid()}"
    with templates() as folder, psycopg.connect(server, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            half = f"{name}_{time.monotonic_ns()}"
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(half)))
            with tempfile.TemporaryDirectory(dir=folder) as data:
                _migrate(DATA_DIR=data, DATABASE_URL=database_url(server, half))
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(rename.format(sql.Identifier(half), sql.Identifier(name)))
    return name


def database_url(server: str, name: str) -> str:
    """Of another database on the same PostgreSQL server."""
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def copy_database(server: str, name: str, template: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(make.format(sql.Identifier(name), sql.Identifier(template)))


def copy_schema(template: str, to: str) -> None:
    """Everything of one server's database into an empty one of another; URLs."""
    programs = postgres_folder()
    assert programs is not None
    dump = subprocess.run([programs / "pg_dump", "--no-owner", template], check=True, capture_output=True)
    subprocess.run(
        [programs / "psql", "-qX", "-v", "ON_ERROR_STOP=1", to],
        check=True,
        input=dump.stdout,
        stdout=subprocess.DEVNULL,
    )


def _migrate(**variables: str) -> None:
    """Without looking for garbage meanwhile, which is a quarter of the work."""
    _manage("shell", "-v0", "-c", MIGRATE, **variables)


def _manage(*words: str, **variables: str) -> None:
    done = manage({**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "SECRET_KEY": KEY} | variables, *words)
    assert done.returncode == 0, done.stderr


@contextmanager
def own_database(server: str, *, migrated: bool = False, template: str = "") -> Iterator[str]:
    """The URL of a new database on that PostgreSQL server, dropped afterwards; nothing without a server."""
    if not server:
        yield ""
        return
    name = f"copy_{os.getpid()}_{time.monotonic_ns()}"
    template = template or (migrated_database(server) if migrated else "template1")
    copy_database(server, name, template)
    try:
        yield database_url(server, name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def manage(environment: dict[str, str], *words: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "manage.py"), *words]
    return subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False
    )
