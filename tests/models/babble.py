"""A tiny Llama or Qwen whose weights are a table of which token follows which, with a little noise of its layers.

Random weights alone never end a string or close a bracket. Under a schema this one ends what it begins, so that its
noise makes attributes, evidence, responses and votes; what it says means as little.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.models.tiny import tiny_tokenizer

CONTEXT = 65_536  # bytes: a person's conversations and what is asked about them
NEVER = 1e-7
FIRST_WORDS = {
    **{"ACCEPTED": 0.3, "REJECTED": 0.3, "UNCERTAIN": 0.1, "YES": 0.12, "NO": 0.1},
    **{"no_evidence": 0.05, "overgeneralized": 0.05},
}
LETTERS = string.ascii_lowercase
SPACE, NEWLINE, END = "Ġ", "Ċ", "<|im_end|>"  # as byte-level tokenizers write them

# What follows what, and how often; what a schema forbids is out of the game. Anything else is next to impossible.
FOLLOWS: dict[str, dict[str, float]] = {
    NEWLINE: {**FIRST_WORDS, **dict.fromkeys(LETTERS, 0.01), **dict.fromkeys("12345", 0.02), "{": 0.01},
    **{word: {NEWLINE: 0.5, END: 0.5} for word in FIRST_WORDS},
    **{letter: {**dict.fromkeys(LETTERS, 0.03), SPACE: 0.15, '"': 0.05, END: 0.02} for letter in LETTERS},
    SPACE: {**dict.fromkeys(LETTERS, 0.03), "0": 0.2},
    '"': dict.fromkeys(LETTERS, 0.03),
    ":": {'"': 0.4, "0": 0.5, "1": 0.1, "[": 0.3, "f": 0.4, "t": 0.1},
    ",": {'"': 0.6, "{": 0.2, "0": 0.3, "1": 0.2, "2": 0.1},
    "[": {"]": 0.5, "{": 0.5, "0": 0.3, "2": 0.2},
    "{": {'"': 1.0},
    "}": {",": 0.4, "]": 0.6, "}": 0.6, END: 1.0},
    "]": {",": 0.5, "}": 0.5},
    "0": {".": 3.0, ",": 0.3, "]": 0.4, "}": 0.3},
    ".": dict.fromkeys("456789", 0.2),
    **{digit: {",": 0.4, "}": 0.4, "]": 0.4, NEWLINE: 0.2, END: 0.1} for digit in "123456789"},
}


def make_babbler(folder: Path, kind: str) -> Path:
    """A model of this ``kind`` (llama or qwen) in FOLDER/babble-KIND, the same weights each time."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

    makers: dict[str, tuple[Any, Any]] = {
        "llama": (LlamaConfig, LlamaForCausalLM),
        "qwen": (Qwen3Config, Qwen3ForCausalLM),
    }
    config, model = makers[kind]
    tokenizer = tiny_tokenizer(CONTEXT)
    tokenizer.add_tokens(list(FIRST_WORDS))
    width = 64 * (len(tokenizer) // 64 + 1)
    with torch.random.fork_rng():
        torch.manual_seed(11 if kind == "llama" else 13)
        made = model(config(**_sizes(tokenizer, width)))
    with torch.no_grad():
        made.get_input_embeddings().weight.copy_(torch.eye(len(tokenizer), width))
        made.get_output_embeddings().weight.copy_(_table(tokenizer, width) / width**0.5)
    place = folder / f"babble-{kind}"
    made.save_pretrained(place)
    tokenizer.save_pretrained(place)
    return place


def _table(tokenizer: Any, width: int) -> Any:
    """Logits by next token and current token. The last norm makes a current token's one into the root of ``width``."""
    import torch

    table = torch.full((len(tokenizer), width), NEVER)
    for current, following in FOLLOWS.items():
        for token, share in following.items():
            table[_number(tokenizer, token), _number(tokenizer, current)] = share
    for current in _letterless(tokenizer):  # after what no rule knows, a letter or the end
        for token in (*LETTERS, END):
            table[_number(tokenizer, token), current] = 0.04
    return table.log()


def _letterless(tokenizer: Any) -> Iterable[int]:
    known = {_number(tokenizer, current) for current in FOLLOWS}
    return (number for number in range(len(tokenizer)) if number not in known)


def _number(tokenizer: Any, token: str) -> int:
    return int(tokenizer.convert_tokens_to_ids(token))


def _sizes(tokenizer: Any, width: int) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": width,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": CONTEXT,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "initializer_range": 0.008,  # noise beside the table
        "tie_word_embeddings": False,
    }
