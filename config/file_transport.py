"""Celery's filesystem transport with whole messages: the embedded mode's broker, kept under DATA_DIR/broker.

The original opens a message under its final name and then writes it, so a reader can take it while it is empty and the
worker dies of a JSON error; and it moves what it takes to the machine's temporary folder, where payloads of two copies
and of a killed worker lie side by side. Here a message appears by rename and is taken by rename, in one file system.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from queue import Empty
from time import time_ns
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    # The two base classes disagree about the second name.
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        folder = Path(self.data_folder_out)
        # Nineteen digits until the year 2286: names sort by time, across reboots too.
        name = f"{time_ns()}_{uuid.uuid4()}.{queue}.msg"
        hidden = folder / f".{name}"
        hidden.write_text(dumps(payload))
        hidden.rename(folder / name)

    def _get(self, queue: str, timeout: Any = None) -> Any:
        """The oldest message of the queue, taken for good; raises Empty. Of several readers one gets it."""
        taken = Path(self.processed_folder)
        for name in sorted(os.listdir(self.data_folder_in)):
            if name.startswith(".") or name.partition(".")[2] != f"{queue}.msg":
                continue
            try:
                (Path(self.data_folder_in) / name).rename(taken / name)
            except FileNotFoundError:
                continue
            payload = (taken / name).read_text()
            (taken / name).unlink()
            return loads(payload)
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel


def broker_folders(data_dir: Path) -> dict[str, str]:
    """Makes the broker's folders and returns the transport options that name them."""
    names = {"messages": "data_folder_in", "taken": "processed_folder", "control": "control_folder"}
    options = {}
    for folder, option in names.items():
        path = data_dir / "broker" / folder
        path.mkdir(parents=True, exist_ok=True)
        options[option] = str(path)
    return options | {"data_folder_out": options["data_folder_in"]}
