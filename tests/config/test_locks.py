from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from config.locks import FolderInUse, PortTaken, listen_on, lock_folder


def test_lock_folder_second_copy_is_told_who_has_it(tmp_path: Path) -> None:
    lock = lock_folder(tmp_path, address="http://localhost:1/")
    with pytest.raises(FolderInUse, match=rf"in use by process {os.getpid()} at http://localhost:1/"):
        lock_folder(tmp_path, address="http://localhost:2/")
    os.close(lock)
    os.close(lock_folder(tmp_path, address="http://localhost:2/"))


def test_lock_folder_is_held_until_the_last_heir_ends(tmp_path: Path) -> None:
    lock = lock_folder(tmp_path, address="here")
    heir = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[lock])
    os.close(lock)
    with pytest.raises(FolderInUse):
        lock_folder(tmp_path, address="there")
    heir.communicate(b"\n")
    os.close(lock_folder(tmp_path, address="there"))


def test_listen_on_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port} on 127\.0\.0\.1 is taken.*PORT={port + 1}"):
            listen_on("127.0.0.1", port)


def test_listen_on_unknown_host_is_named() -> None:
    with pytest.raises(PortTaken, match=r"HOST=192\.0\.2\.1|port 8000 on 192\.0\.2\.1 cannot be opened"):
        listen_on("192.0.2.1", 8000)
