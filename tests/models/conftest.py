"""Tiny models, made once per session; these tests run in .venv-models, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.models.tiny import make_tiny


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Of so small a model's work there is too little to share."""
    from pipeline.backends.base import BackendUnusable
    from pipeline.backends.local import open_backend

    try:
        open_backend({})
    except BackendUnusable as error:
        pytest.skip(str(error))
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("llama"), "llama")


@pytest.fixture(scope="session")
def tiny_qwen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny(tmp_path_factory.mktemp("qwen"), "qwen")


@pytest.fixture(params=["llama", "qwen"])
def tiny(request: pytest.FixtureRequest) -> Path:
    """Each test with both architectures."""
    return Path(request.getfixturevalue(f"tiny_{request.param}"))
