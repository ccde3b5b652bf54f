from __future__ import annotations

import http.client
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connections

from annotation.domain.demo_logins import login_lines
from config import preparing
from config.locks import FolderInUse, PortTaken, listen_on, lock_folder
from config.supervisor import Service, Supervisor

PATIENCE = 60.0  # seconds until we say that the web process has not answered


def address() -> str:
    host = settings.HOST if settings.HOST not in ("127.0.0.1", "0.0.0.0", "::", "::1") else "localhost"  # noqa: S104
    return f"http://{host}:{settings.PORT}/"


def services(listener: int, lock: int) -> list[Service]:
    """Web, workers and the clock that sends the sweepers; the lock is free once all of them have ended."""
    celery = celery_of(sys.executable)
    web = [sys.executable, "-m", "gunicorn", "-c", str(settings.BASE_DIR / "config" / "gunicorn.py")]
    quiet = ["--loglevel", "WARNING"]
    worker = [*celery, "worker", "--concurrency", str(settings.TASK_WORKERS), "--without-mingle", "--without-gossip"]
    clock = [*celery, "beat", "--pidfile=", "--schedule", str(settings.DATA_DIR / "clock")]
    return [
        Service("web", web, env={"WEB_BIND": f"fd://{listener}"}, keep=(listener, lock)),
        Service("worker", [*worker, "--without-heartbeat", *quiet], keep=(lock,)),
        Service("clock", [*clock, *quiet], keep=(lock,)),
        *local_worker(lock),
    ]


def celery_of(python: str) -> list[str]:
    return [python, "-W", "ignore:You're running the worker", "-m", "celery", "-A", "config", "--quiet"]


def local_worker(lock: int) -> list[Service]:
    """The worker of local models, by the environment that has them; none where it is not there."""
    python = models_python(settings.BASE_DIR)
    if python is None or not settings.LOCAL_WORKERS:
        return []
    words = ["worker", "-Q", "local", "--hostname", "local@%h", "--concurrency", str(settings.LOCAL_WORKERS)]
    words += ["--without-mingle", "--without-gossip", "--without-heartbeat", "--loglevel", "WARNING"]
    return [Service("worker of local models", [*celery_of(str(python)), *words], keep=(lock,))]


def models_python(folder: Path) -> Path | None:
    """.venv-models's Python, if what was installed last is what is asked for now (scripts/venv writes that down)."""
    asked = [folder / "requirements" / name for name in ("models.txt", "torch.txt")]
    installed, python = folder / ".venv-models" / "installed.txt", folder / ".venv-models" / "bin" / "python"
    try:
        current = installed.read_bytes() == b"".join(path.read_bytes() for path in asked)
    except OSError:
        return None
    return python if current and python.exists() else None


def web_answers() -> bool:
    host = "127.0.0.1" if settings.HOST == "0.0.0.0" else settings.HOST  # noqa: S104
    allowed = settings.ALLOWED_HOSTS[0].lstrip(".*") or "localhost"
    connection = http.client.HTTPConnection(host, settings.PORT, timeout=0.5)
    try:
        connection.request("GET", "/healthz", headers={"Host": allowed})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Command(BaseCommand):
    help = "Makes everything ready and runs web, worker and clock as one; Ctrl-C ends all of them."
    requires_system_checks = ()  # they load what only the web needs

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lock = lock_folder(settings.DATA_DIR, address=address())
            listener = listen_on(settings.HOST, settings.PORT)
        except (FolderInUse, PortTaken) as error:
            raise CommandError(str(error)) from error
        self.prepare()
        if settings.LOCAL_WORKERS and (settings.BASE_DIR / ".venv-models").exists() and not local_worker(lock):
            self.say(
                "Local models have no worker: .venv-models is out of date. Run `make venv-models`, then start again."
            )
        self.announced = False
        self.began = time.monotonic()
        listener.set_inheritable(True)
        code = Supervisor(services(listener.fileno(), lock), on_tick=self.announce).run()
        self.say("Everything has ended.")
        sys.exit(code)

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def prepare(self) -> None:
        try:
            if preparing.migrate_database():
                self.say("The database is ready.")
        except OperationalError as error:
            raise CommandError(f"the database does not answer: {error}") from error
        finally:
            connections.close_all()
        if preparing.collect_static():
            self.say("The static files are ready.")
        if settings.DEMO:
            try:
                preparing.load_demo()
            except subprocess.CalledProcessError as error:
                raise CommandError("the demo study could not be loaded (DEMO=0 starts without it)") from error

    def announce(self) -> None:
        """Says once where to go, as soon as somebody would be answered there."""
        if self.announced:
            return
        waited = time.monotonic() - self.began
        if web_answers():
            self.announced = True
            self.say(f"\nFitting Room is at {address()}\n")
            for line in login_lines() if settings.DEMO else []:
                self.say(line)
            self.say("\nCtrl-C ends it.")
        elif waited > PATIENCE:
            self.announced = True
            self.stderr.write(f"The web process has not answered for {PATIENCE:.0f} s; see its messages above.")
