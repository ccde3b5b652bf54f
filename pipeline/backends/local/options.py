"""How a local model is reached and fed: options of a run, none of which is meant to change an answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from django.conf import settings

from pipeline.backends.base import BackendOptions, BackendUnusable

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class LocalOptions:
    device: str
    dtype: torch.dtype
    batch: int  # rows of one forward pass, at most
    model_path: str  # where the model lies, if not where its name says
    continuous: bool


def read_options(options: BackendOptions) -> LocalOptions:
    """What was given, and what this machine suggests for the rest. Raises BackendUnusable: a value without sense."""
    device = str(options.get("device", "")) or ("cuda" if torch.cuda.is_available() else "cpu")
    gpu = _kind(device) == "cuda"
    dtype = str(options.get("dtype", "")) or ("bfloat16" if gpu else "float32")
    if dtype not in DTYPES:
        raise BackendUnusable(f"--dtype {dtype}: use one of {', '.join(DTYPES)}")
    batch = int(options.get("batch", 0)) or (128 if gpu else 64)
    if batch < 1:
        raise BackendUnusable(f"--batch {batch}: how many prompts at once, 1 or more")
    return LocalOptions(
        device=device,
        dtype=DTYPES[dtype],
        batch=batch,
        model_path=str(options.get("model_path", "")),
        continuous=bool(options.get("continuous", gpu)),
    )


def folder_of(name: str, options: LocalOptions) -> str:
    """What transformers is to load: a folder (relative to the project) or a hub name. Raises BackendUnusable."""
    if options.model_path:
        path = Path(settings.BASE_DIR / Path(options.model_path).expanduser())
        if not path.is_dir():
            raise BackendUnusable(f"{options.model_path}: there is no such folder (--model-path)")
        return str(path)
    path = Path(settings.BASE_DIR / Path(name).expanduser())
    return str(path) if path.is_dir() else name


def _kind(device: str) -> str:
    """cpu or cuda. Raises BackendUnusable: no such device here."""
    try:
        kind = str(torch.device(device).type)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:  # AssertionError: a torch without CUDA
        first = str(error).splitlines()[0]
        raise BackendUnusable(f"--device {device}: this machine cannot use it ({first}); cpu always works") from error
    return kind
