from __future__ import annotations

import pytest

from pipeline.sources.world import World, make_world


@pytest.fixture(scope="session")
def world() -> World:
    """At the study's size."""
    return make_world("tests")


@pytest.fixture(scope="session")
def small_world() -> World:
    return make_world("tests", 0.05)
