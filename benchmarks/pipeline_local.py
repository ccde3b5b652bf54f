"""Models in a worker's own memory: batches against one question at a time, and on a GPU against what it could do.

    .venv-models/bin/python -m benchmarks.pipeline_local

Each ratio comes from one run on one machine, the two sides in turn, so that whatever else it does hits both.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.backends import open_backend
from pipeline.backends.embedders import USUAL_MODEL, open_embedder
from pipeline.requests import Message, ModelRequest, Sampling

PROMPTS, TOKENS = 256, 32
TEXTS = 512
TURNS = 3
WORDS = "keeps bees in the garden teaches mathematics at a school prefers short answers with examples lives by the sea"


@dataclass(frozen=True)
class Ratio:
    """Seconds for the same work, best of the turns; ``goal`` is what their ratio is meant to reach."""

    what: str
    plain: float
    ours: float
    goal: float

    @property
    def times(self) -> float:
        return self.plain / self.ours


def measure_generation(folder: Path, *, prompts: int = PROMPTS, tokens: int = TOKENS) -> Ratio:
    """`local` on short prompts against transformers' own generate, one prompt after the other. Equal answers."""
    from pipeline.backends.local.asking import prompt_tokens
    from pipeline.backends.local.loading import load_model

    backend: Any = open_backend("local", {"continuous": 0})
    requests = [_request(str(folder), text, tokens) for text in _texts(prompts)]
    loaded = load_model(str(folder), "", backend.options)
    inputs = [prompt_tokens(loaded, request) for request in requests]
    backend.answer(requests)  # warm

    def one_by_one() -> None:
        import torch

        for tokens_in in inputs:
            row = torch.tensor([tokens_in], device=loaded.device)
            mask = torch.ones_like(row)
            loaded.model.generate(row, attention_mask=mask, max_new_tokens=tokens, do_sample=False)

    plain, ours = _in_turn(one_by_one, lambda: backend.answer(requests))
    return Ratio(f"local: {prompts} short prompts, {tokens} tokens each", plain, ours, 8)


def measure_embedding(model: str = USUAL_MODEL, *, texts: int = TEXTS) -> Ratio:
    """A batch against sentence-transformers' own encode, one text after the other (of a part, scaled up)."""
    from sentence_transformers import SentenceTransformer

    from pipeline.backends.local.embeddings import embedder_place
    from pipeline.backends.local.options import read_options

    embedder = open_embedder("local", model, {})
    bare = SentenceTransformer(embedder_place(model, read_options({})))
    all_texts = _texts(texts)
    part = all_texts[:: max(1, texts // 64)]
    embedder.embed(all_texts)  # warm

    def one_by_one() -> None:
        for text in part:
            bare.encode(text, normalize_embeddings=True, show_progress_bar=False)

    plain, ours = _in_turn(one_by_one, lambda: embedder.embed(all_texts))
    return Ratio(f"embedding: {texts} short texts, {model}", plain * len(all_texts) / len(part), ours, 8)


@dataclass(frozen=True)
class Shape:
    """Of a model with random weights."""

    name: str
    sizes: dict[str, int]
    rows: int
    tokens: int


QWEN3_4B = Shape(
    "Qwen3-4B-shaped",
    {
        "vocab_size": 151_936,
        "hidden_size": 2560,
        "intermediate_size": 9728,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "max_position_embeddings": 40_960,
    },
    rows=512,
    tokens=256,
)


@dataclass(frozen=True)
class Rates:
    """Tokens a second, of answers; ``limit``: if the memory did nothing but hand over weights and cache."""

    what: str
    ours: float
    bare: float
    limit: float


def measure_rates(shape: Shape = QWEN3_4B, device: str = "cuda") -> Rates:
    """`local` with a model of this shape, against generate_batch called with the same prompts in one call."""
    import torch
    from transformers import ContinuousBatchingConfig, GenerationConfig

    from pipeline.backends.local import loading
    from pipeline.backends.local.asking import prompt_tokens

    backend: Any = open_backend("local", {"device": device, "continuous": 1})
    loaded = _random_model(shape, device, backend.options.dtype)
    loading.forget_models()
    loading._kept[shape.name, "", device, str(backend.options.dtype)] = loaded
    requests = [_request(shape.name, text, shape.tokens) for text in _texts(shape.rows)]
    inputs = [prompt_tokens(loaded, request) for request in requests]
    config = GenerationConfig(max_new_tokens=shape.tokens, do_sample=False, eos_token_id=-1, pad_token_id=0)
    small = ContinuousBatchingConfig(num_blocks=256, max_batch_tokens=512) if device == "cpu" else None

    def bare() -> None:
        loaded.model.destroy_cached_continuous_batching_manager()
        loaded.setup = None
        loaded.model.generate_batch(inputs, config, small, warmup=device != "cpu")

    backend.answer(requests[:8])  # warm
    plain, ours = _in_turn(bare, lambda: backend.answer(requests))
    words = shape.rows * shape.tokens
    weights = sum(parameter.numel() * parameter.element_size() for parameter in loaded.model.parameters())
    sizes = shape.sizes
    per_token = 2 * sizes["num_hidden_layers"] * sizes["num_key_value_heads"] * sizes["head_dim"]
    cached = shape.rows * (sum(map(len, inputs)) / shape.rows + shape.tokens / 2) * per_token
    step = (weights + cached * torch.finfo(backend.options.dtype).bits / 8) / _bytes_a_second(device)
    return Rates(
        f"{shape.name}, {shape.rows} prompts, {shape.tokens} tokens", words / ours, words / plain, shape.rows / step
    )


def _random_model(shape: Shape, device: str, dtype: Any) -> Any:
    import torch
    from transformers import AutoModelForCausalLM, Qwen3Config

    from pipeline.backends.local.loading import Loaded
    from tests.models.tiny import tiny_tokenizer

    config = Qwen3Config(**shape.sizes, tie_word_embeddings=True, eos_token_id=None, pad_token_id=0)
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(config, dtype=dtype).eval()
    model.generation_config.eos_token_id = None
    context = shape.sizes["max_position_embeddings"]
    return Loaded(shape.name, model, tiny_tokenizer(context), device, context, frozenset())


def _bytes_a_second(device: str) -> float:
    """Read from memory, by copying a large array within it: half of what moves is read."""
    import torch

    source = torch.empty(2**28, dtype=torch.float32, device=device)
    target = torch.empty_like(source)
    seconds = []
    for _ in range(5):
        _wait(device)
        began = time.perf_counter()
        target.copy_(source)
        _wait(device)
        seconds.append(time.perf_counter() - began)
    return 2.0 * int(source.numel()) * int(source.element_size()) / min(seconds)


def _wait(device: str) -> None:
    import torch

    if device.startswith("cuda"):
        torch.cuda.synchronize()


def _request(model: str, text: str, tokens: int) -> ModelRequest:
    return ModelRequest(model, (Message("user", text),), sampling=Sampling(temperature=0.0, max_tokens=tokens))


def _texts(count: int) -> list[str]:
    chance = random.Random(4)
    words = WORDS.split()
    return [" ".join(chance.choices(words, k=chance.randint(4, 16))) for _ in range(count)]


def _in_turn(plain: Callable[[], Any], ours: Callable[[], Any]) -> tuple[float, float]:
    """The best seconds of each, measured in turn."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(TURNS):
        for place, work in enumerate((plain, ours)):
            began = time.perf_counter()
            work()
            seconds[place].append(time.perf_counter() - began)
    return min(seconds[0]), min(seconds[1])


def line_of(ratio: Ratio) -> str:
    seconds = f"{ratio.plain:8.2f} s one by one {ratio.ours:8.2f} s"
    return f"{ratio.what:<50} {seconds} {ratio.times:6.1f}x (goal {ratio.goal:g}x)"


def main() -> None:
    open_backend("local", {})  # before torch is imported: it says how its threads are to wait
    import torch

    from tests.models.tiny import make_tiny

    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, torch {torch.__version__}, GPU: ", end="")
    print(torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU")
    with tempfile.TemporaryDirectory() as folder:
        print(line_of(measure_generation(make_tiny(Path(folder), "qwen"))), flush=True)
    print(line_of(measure_embedding()), flush=True)
    if torch.cuda.is_available():
        rates = measure_rates()
        print(f"{rates.what}: {rates.ours:.0f} tokens/s, {rates.ours / rates.bare:.2f} of bare generate_batch,")
        print(f"{rates.ours / rates.limit:.2f} of the {rates.limit:.0f} that the memory's bandwidth allows")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    main()
