"""What answers a request. A new one is one file here and one line in BACKENDS, imported only where it is used."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from pipeline.backends.base import Backend, BackendOptions, BackendUnusable

BACKENDS: dict[str, str] = {
    "recorded": "pipeline.backends.recorded",
    "openai_api": "pipeline.backends.openai_api",
    "local": "pipeline.backends.local",
}


def open_backend(name: str, options: BackendOptions) -> Backend:
    """The backend by its name, ready to answer. Raises BackendUnusable: unknown, a file missing ..."""
    if name not in BACKENDS:
        raise BackendUnusable(f"no backend is called {name!r}: use one of {', '.join(BACKENDS)}")
    return cast(Backend, import_module(BACKENDS[name]).open_backend(options))
