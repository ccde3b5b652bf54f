"""The benchmark's parts, small: that they measure what they say, and that batches are faster at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import pipeline_local
from benchmarks.pipeline_local import Shape, measure_generation, measure_rates

SMALL = {
    "vocab_size": 300,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 1024,
}


def test_benchmark_of_batches_finds_them_faster(tiny_qwen: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline_local, "TURNS", 1)
    assert measure_generation(tiny_qwen, prompts=48, tokens=8).times > 2


def test_benchmark_of_a_gpu_runs_on_a_processor_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline_local, "TURNS", 1)
    rates = measure_rates(Shape("small", SMALL, rows=8, tokens=4), "cpu")
    assert 0 < rates.ours < rates.limit
