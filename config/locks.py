"""One supervisor per data folder, one listener per port."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from pathlib import Path


class FolderInUse(Exception):
    """Another copy works on this data folder; the message says which and where."""


class PortTaken(Exception):
    """Something else listens on this port, or it may not be opened; the message names it."""


def lock_folder(data_dir: Path, *, address: str) -> int:
    """Takes ``data_dir/lock`` and writes who holds it; returns the descriptor, which is the lock.

    The lock belongs to the descriptor and everything that inherits it, so it is free once the last process of the
    group has ended, however it ended. Raises FolderInUse.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(descriptor, 200).decode(errors="replace").strip() or "another process"
        os.close(descriptor)
        raise FolderInUse(
            f"{data_dir} is in use by {holder}. End that one first, or give this one a folder of its own: DATA_DIR=..."
        ) from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()} at {address}\n".encode(), 0)
    return descriptor


def listen_on(host: str, port: int) -> socket.socket:
    """A listening socket, so that from here on nobody else can have the port. Raises PortTaken."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise PortTaken(f"HOST={host} cannot be listened on: {error.strerror}") from error
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(f"port {port} on {host} is taken. Choose another: PORT={port + 1} make run") from error
        raise PortTaken(f"port {port} on {host} cannot be opened: {error.strerror}") from error
    return listener
