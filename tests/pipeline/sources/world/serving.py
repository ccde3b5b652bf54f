"""A simulated world's own server process, for tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.sources.world import World, write_world

ROOT = Path(__file__).resolve().parents[4]


@contextmanager
def world_server(world: World, folder: Path) -> Iterator[str]:
    """The base URL of a process that answers from this world, written to ``folder``; it ends with the block."""
    write_world(world, folder)
    command = [sys.executable, "-m", "pipeline.sources.world.server", str(folder)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        assert address, "the server ended before it took requests"
        yield address
    finally:
        server.kill()
        server.wait()
