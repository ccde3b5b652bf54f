"""One model in memory: loaded once per process and kept for the runs to come, until another one is asked for."""

from __future__ import annotations

import gc
import logging
import threading
from dataclasses import dataclass, field
from typing import Any

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer

from pipeline.backends.base import BackendUnusable
from pipeline.backends.local.options import LocalOptions, folder_of

for _name in ("transformers", "ContinuousBatchingLogger"):
    logging.getLogger(_name).setLevel(logging.ERROR)  # what they warn of is decided here
transformers.utils.logging.disable_progress_bar()


@dataclass
class Loaded:
    """A model ready to be asked. ``lock`` is held by whoever asks it: there is one model, and it takes all there is."""

    name: str
    model: Any
    tokenizer: Any
    device: str
    context: int | None  # tokens of prompt and answer together; None where the model does not say
    ends: frozenset[int]  # tokens that end an answer
    lock: threading.Lock = field(default_factory=threading.Lock)
    guides: dict[str, Any] = field(default_factory=dict)  # what outlines made of a schema
    setup: object = None  # what continuous batching was set up for


_kept: dict[tuple[str, str, str, str], Loaded] = {}
_loading = threading.Lock()


def load_model(name: str, revision: str, options: LocalOptions) -> Loaded:
    """The model by hub name or folder. Raises BackendUnusable: it cannot be found, or does not fit."""
    place = folder_of(name, options)
    key = (place, revision, options.device, str(options.dtype))
    with _loading:
        if key not in _kept:
            forget_models()  # two at once may not fit
            _kept[key] = _load(name, place, revision, options)
        return _kept[key]


def forget_models() -> None:
    """Gives the memory of what was loaded back."""
    _kept.clear()
    free_memory()


def free_memory() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _load(name: str, place: str, revision: str, options: LocalOptions) -> Loaded:
    try:
        tokenizer = AutoTokenizer.from_pretrained(place, revision=revision or "main", padding_side="left")
        model = AutoModelForCausalLM.from_pretrained(
            place, revision=revision or "main", dtype=options.dtype, device_map={"": options.device}
        )
    except torch.OutOfMemoryError as error:
        raise BackendUnusable(f"{name} does not fit into the memory of {options.device}: {error}") from error
    except (OSError, ValueError, KeyError, ImportError) as error:
        # Its own text may span a page.
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BackendUnusable(f"no model can be loaded from {place!r}: {first}") from error
    if not tokenizer.chat_template:
        raise BackendUnusable(
            f"the tokenizer of {name} has no chat template, so nobody can say how a question is put to it: use a model"
            " that was made for chats, or put its chat_template.jinja into the model's folder"
        )
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.convert_ids_to_tokens(0)
    return Loaded(name, model.eval(), tokenizer, options.device, _context(model, tokenizer), _ends(model, tokenizer))


def _context(model: Any, tokenizer: Any) -> int | None:
    said = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    known = [number for number in (said, tokenizer.model_max_length) if number and number < 10**9]
    return min(known) if known else None


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    said = model.generation_config.eos_token_id
    many = said if isinstance(said, list) else [said]
    return frozenset(number for number in [*many, tokenizer.eos_token_id] if number is not None)
