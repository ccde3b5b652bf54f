"""The fixed cast of every test that needs people. Browser and real material: tests/browser.py."""

from __future__ import annotations

import gc
import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from studies.enums import Role
from studies.models import Study, User
from tests import factories

# Of modules and tests that are collected nothing ever goes: to look through them again and again for garbage costs.
gc.disable()
pytest_plugins = ["tests.database", "tests.browser", "tests.recruiters.fixtures"]
# Tests of local models have an environment and a round of their own (.venv-models).
collect_ignore = [] if find_spec("torch") else ["models"]

# What asks no database, or only to make files or pages that it then looks at: `make test` runs it in its first round
# alone. A test of a file that is not here can say the same of itself, with its reason: @pytest.mark.once.
ONCE = (
    "accessibility",
    "analysis",
    "annotation/browser",
    "annotation/domain/signals/test_measures.py",
    "annotation/domain/signals/test_standing.py",
    "annotation/releases/exports",
    "annotation/releases/papers",
    "annotation/releases/test_notebook.py",
    "annotation/releases/test_verify.py",
    "annotation/views/test_language.py",
    "annotation/views/test_lead_in_browser.py",
    "annotation/views/test_page_sizes.py",
    "annotation/views/test_run_in_browser.py",
    "config/test_env.py",
    "config/test_locks.py",
    "config/test_supervisor.py",
    "faults/test_proxy.py",
    "gallery",
    "pipeline/sources/world/test_stages.py",
    "rebuild/test_checking.py",
    "rebuild/test_page.py",
    "test_admin.py",
    "test_compose.py",
    "test_scripts.py",
)
if find_spec("hypothesis"):  # the environment of local models has none
    from hypothesis import settings

    # A busy machine is no failure. `make test` tries the same examples each time, a developer's pytest others.
    settings.register_profile("ours", deadline=None, derandomize="TEST_ROUND" in os.environ)
    settings.load_profile("ours")

# Begun first, so that no process is left alone with one of them at the end.
LONG = ("rebuild/test_rebuild.py", "faults/", "accessibility/", "config/test_serve.py", "pipeline/test_run_stage.py")
FIRST_ROUND = "SQLite"  # as tests.run calls it
ROUND_OF_MODELS = "Local models"  # runs tests/models, which no other round does
LATER_ROUND = os.environ.get("TEST_ROUND", FIRST_ROUND) not in (FIRST_ROUND, ROUND_OF_MODELS)
DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}
# Words of a file whose processes use the servers of the round, though its tests may ask for no database themselves.
OF_THE_ROUND = ("own_environment", "DATABASE_URL", "REDIS_URL", "tests.faults")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "once(reason): what it asks of a database, every database gives alike")


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """True for what an earlier round of `make test` has run; None leaves it to others."""
    place = collection_path.relative_to(Path(__file__).parent).as_posix()
    return True if place in ONCE and LATER_ROUND else None


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    root = f"{Path(__file__).parent.as_posix()}/"
    items.sort(key=lambda item: not item.path.as_posix().removeprefix(root).startswith(LONG))
    if LATER_ROUND:
        again = [item for item in items if asks_the_round(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(again)])
        items[:] = again


def asks_the_round(item: pytest.Item) -> bool:
    """Whether another database or broker could make a difference to the test: all others have been run already."""
    if item.get_closest_marker("once"):
        return False
    if DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())) or item.get_closest_marker("django_db"):
        return True
    return any(word in source_of(item.path) for word in OF_THE_ROUND)


@cache
def source_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.fixture
def study(db: None) -> Study:
    return factories.make_study("figs", title="Figs and people")


@pytest.fixture
def other_study(db: None) -> Study:
    return factories.make_study("other", title="Another study")


@pytest.fixture
def lead(study: Study) -> User:
    return factories.make_member(study, Role.LEAD, "lead")


@pytest.fixture
def researcher(study: Study) -> User:
    return factories.make_member(study, Role.RESEARCHER, "researcher")


@pytest.fixture
def rater_a(study: Study) -> User:
    return factories.make_member(study, Role.RATER, "rater_a")


@pytest.fixture
def rater_b(study: Study) -> User:
    return factories.make_member(study, Role.RATER, "rater_b")


@pytest.fixture
def outsider(other_study: Study) -> User:
    """Leads another study, so that nothing but the study tells them from the lead."""
    return factories.make_member(other_study, Role.LEAD, "outsider")
