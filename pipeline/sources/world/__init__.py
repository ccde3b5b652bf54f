"""A simulated world with known truth, of the study's size."""

from __future__ import annotations

from pipeline.sources.world.files import read_world, write_world
from pipeline.sources.world.world import World, make_world

__all__ = ["World", "make_world", "read_world", "write_world"]
