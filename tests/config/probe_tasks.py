"""Tasks for a real worker of the tests."""

from __future__ import annotations

import os
import time

from celery import shared_task


@shared_task(name="tests.note")
def task_note(*, path: str, word: str, seconds: float = 0) -> None:
    with open(path, "a") as file:
        file.write(f"{word} {os.getpid()}\n")
    time.sleep(seconds)
