"""The backend `local`: a model of transformers in this process, asked in batches sorted by length."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
import transformers

from pipeline.backends.base import BackendOptions, FinalError, ModelAnswer, Outcome, Threaded
from pipeline.backends.local.asking import Asked, put_question
from pipeline.backends.local.continuous import Way, generate_continuously, way_of
from pipeline.backends.local.generating import generate
from pipeline.backends.local.labelling import label_rows, weigh_labels
from pipeline.backends.local.loading import Loaded, free_memory, load_model
from pipeline.backends.local.options import LocalOptions, read_options
from pipeline.enums import FailureKind
from pipeline.requests import ModelRequest

WINDOW = 4  # batches that are sorted together: neighbours in length pad each other less
CPU_TOKENS, GPU_TOKENS = 16_384, 131_072  # of one forward pass, filling included

Answering = Callable[[Loaded, Sequence[Asked]], list[ModelAnswer]]


@dataclass
class Todo:
    """Requests by the way that each is answered."""

    refused: dict[int, FinalError] = field(default_factory=dict)
    labelled: list[Asked] = field(default_factory=list)
    padded: list[Asked] = field(default_factory=list)
    continuous: dict[Way, list[Asked]] = field(default_factory=dict)


class LocalBackend(Threaded):
    name = "local"
    version = f"transformers {transformers.__version__}, torch {torch.__version__}"[:64]
    concurrency = 1  # one model, which takes all there is

    def __init__(self, options: LocalOptions) -> None:
        self.options = options
        self.rows = options.batch
        self.batch = options.batch * WINDOW
        self.tokens = CPU_TOKENS if options.device == "cpu" else GPU_TOKENS

    def answer(self, requests: Sequence[ModelRequest]) -> list[Outcome]:
        """Raises BackendUnusable where a model cannot be loaded."""
        outcomes: dict[int, Outcome] = {}
        models: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, request in enumerate(requests):
            models[request.model, request.revision].append(place)
        for (name, revision), places in models.items():
            loaded = load_model(name, revision, self.options)
            with loaded.lock:
                outcomes |= self._ask(loaded, [(place, requests[place]) for place in places])
        return [outcomes[place] for place in range(len(requests))]

    def _ask(self, loaded: Loaded, numbered: Iterable[tuple[int, ModelRequest]]) -> dict[int, Outcome]:
        """By place. ``numbered``: requests of this model with their places."""
        todo = self._sorted(loaded, numbered)
        outcomes: dict[int, Outcome] = dict(todo.refused)
        for way, batch in todo.continuous.items():
            answers = generate_continuously(loaded, batch, way, self.batch)
            outcomes |= {asked.place: answer for asked, answer in zip(batch, answers, strict=True)}
        for batch in self._batches(todo.labelled, lambda asked: label_rows(loaded, asked)):
            outcomes |= self._patiently(loaded, batch, weigh_labels)
        for batch in self._batches(todo.padded):
            outcomes |= self._patiently(loaded, batch, generate)
        return outcomes

    def _sorted(self, loaded: Loaded, numbered: Iterable[tuple[int, ModelRequest]]) -> Todo:
        todo = Todo()
        for place, request in numbered:
            try:
                asked = put_question(loaded, place, request)
                if request.labels is not None:
                    label_rows(loaded, asked)  # raises where a label is none
            except FinalError as error:
                todo.refused[place] = error
                continue
            way = way_of(asked) if self.options.continuous else None
            if request.labels is not None:
                todo.labelled.append(asked)
            elif way is not None:
                todo.continuous.setdefault(way, []).append(asked)
            else:
                todo.padded.append(asked)
        return todo

    def _batches(self, asked: Sequence[Asked], rows_of: Callable[[Asked], int] = lambda _: 1) -> Iterator[list[Asked]]:
        """What can be asked at once, from the longest on: no memory that is short will be shorter later."""
        kinds: dict[tuple[str, int], list[Asked]] = defaultdict(list)
        for one in asked:
            kinds[one.schema, one.limit if one.schema else 0].append(one)
        for kind in kinds.values():
            batch: list[Asked] = []
            rows = 0
            for one in sorted(kind, key=lambda asked: -len(asked.tokens)):
                rows += rows_of(one)
                if batch and (rows > self.rows or rows * len(batch[0].tokens) > self.tokens):
                    yield batch
                    batch, rows = [], rows_of(one)
                batch.append(one)
            if batch:
                yield batch

    def _patiently(self, loaded: Loaded, batch: list[Asked], answer: Answering) -> dict[int, Outcome]:
        """Halves a batch that does not fit into memory, and what is asked at once from here on."""
        try:
            return {asked.place: found for asked, found in zip(batch, answer(loaded, batch), strict=True)}
        except FinalError as error:  # of the schema, which all of the batch have
            return {asked.place: error for asked in batch}
        except RuntimeError as error:
            if not _out_of_memory(error):
                raise
            problem = str(error).strip().splitlines()[0]
        free_memory()  # outside the block above, whose exception holds what is to be freed
        if len(batch) == 1:
            message = f"{len(batch[0].tokens)} tokens do not fit into the memory of {loaded.device}: {problem}"
            return {batch[0].place: FinalError(message, kind=FailureKind.TOO_LONG)}
        self.rows = max(1, min(self.rows, len(batch) // 2))
        middle = (len(batch) + 1) // 2
        return self._patiently(loaded, batch[:middle], answer) | self._patiently(loaded, batch[middle:], answer)


def open_backend(options: BackendOptions) -> LocalBackend:
    return LocalBackend(read_options(options))


def _out_of_memory(error: RuntimeError) -> bool:
    """CUDA has a class for it; the CPU's allocator only has words."""
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
