from __future__ import annotations

import multiprocessing
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from kombu.connection import Connection

import config.celery  # noqa: F401 - puts our transport behind filesystem://
from config.file_transport import Channel, broker_folders


def connect(folder: Path) -> Connection:
    options: dict[str, Any] = broker_folders(folder) | {"store_processed": True, "polling_interval": 0.01}
    return Connection("filesystem://localhost", transport_options=options)


def fill(folder: Path, first: int, count: int) -> None:
    with connect(folder) as connection:
        queue = connection.SimpleQueue("work")
        for number in range(first, first + count):
            queue.put({"number": number, "padding": "x" * 20_000})


def test_file_transport_is_the_one_behind_the_name(tmp_path: Path) -> None:
    with connect(tmp_path) as connection:
        assert isinstance(connection.default_channel, Channel)


def fill_elsewhere(folder: Path, first: int, count: int) -> SpawnProcess:
    """In a process of its own, as web and worker are; kombu keeps what it has bound for the whole process."""
    process = multiprocessing.get_context("spawn").Process(target=fill, args=(folder, first, count))
    process.start()
    return process


def test_file_transport_readers_never_meet_half_a_message(tmp_path: Path) -> None:
    """Kombu's own transport fails here with a JSON error, or loses messages."""
    writers = [fill_elsewhere(tmp_path, first, 100) for first in (0, 100)]
    seen: list[int] = []
    with connect(tmp_path) as connection:
        queue = connection.SimpleQueue("work")
        while len(seen) < 200:
            message = queue.get(timeout=20)
            seen.append(message.payload["number"])
            message.ack()
    for writer in writers:
        writer.join()
    assert sorted(seen) == list(range(200))
    assert not list((tmp_path / "broker").rglob("*.msg"))


def test_file_transport_keeps_the_order_of_one_sender(tmp_path: Path) -> None:
    fill_elsewhere(tmp_path, 0, 20).join()
    with connect(tmp_path) as connection:
        queue = connection.SimpleQueue("work")
        assert [queue.get(timeout=5).payload["number"] for _ in range(20)] == list(range(20))
