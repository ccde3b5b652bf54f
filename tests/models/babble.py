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
FIRST_WORDS = {"ACCEPTED": 0.3, "REJECTED": 0.3, "UNCERTAIN": 0.1, "YES": 0.12, "NO": 0.1}
FIRST_WORDS |= {"no_evidence": 0.05, "overgeneralized": 0.05}
# Pieces of the answers' forms, each one token, so that an answer takes few steps.
FORMS, SHOWN = (
    ('{"attributes":[', '{"evidence":['),
    ('{"conversation":0,"quotes":[],"turns":[', '{"conversation":1,"quotes":[],"turns":['),
)
STATEMENT, SURE, TURNS, WHY, ALSO, WITHDRAW = (
    *('{"attribute":"', '","confidence":0.', ',"evidence_turns":[', '],"reason":"', ',"reason":"'),
    '","withdraw":',
)
MORE, OVER, TURNS_MORE, TURNS_OVER, KEEP, DROP = '"},', '"}]}', "]},", "]}]}", "false}", "true}"
PIECES = (
    *(*FORMS, *SHOWN, STATEMENT, SURE, TURNS, WHY, ALSO, WITHDRAW),
    *(MORE, OVER, TURNS_MORE, TURNS_OVER, KEEP, DROP),
)
LETTERS = string.ascii_lowercase
SPACE, NEWLINE, END = "Ġ", "Ċ", "<|im_end|>"  # as byte-level tokenizers write them
ANY_LETTER = dict.fromkeys(LETTERS, 0.03)
AFTER_LETTERS = {**ANY_LETTER, SPACE: 0.15, END: 0.06, SURE: 0.3, OVER: 0.3, MORE: 0.05, WITHDRAW: 0.2}

# What follows what, and how often; what a form forbids is out of the game. Anything else is next to impossible.
FOLLOWS: dict[str, dict[str, float]] = {
    NEWLINE: {**FIRST_WORDS, **ANY_LETTER, **dict.fromkeys((*FORMS, STATEMENT), 0.1), **dict.fromkeys("12345", 0.02)},
    **{word: {NEWLINE: 0.5, END: 0.5} for word in FIRST_WORDS},
    **dict.fromkeys(LETTERS, AFTER_LETTERS),
    SPACE: ANY_LETTER,
    FORMS[0]: {STATEMENT: 0.6, "]": 0.4},
    FORMS[1]: {SHOWN[0]: 0.6, SHOWN[1]: 0.3, "]": 0.1},
    **dict.fromkeys((STATEMENT, WHY, ALSO), ANY_LETTER),
    SURE: dict.fromkeys("456789", 0.2),
    **{digit: {TURNS: 0.3, WHY: 0.3, ALSO: 0.3, TURNS_OVER: 0.3, TURNS_MORE: 0.1, ",": 0.1} for digit in string.digits},
    **{opening: {"0": 0.6, "2": 0.3, WHY: 0.1} for opening in (TURNS, *SHOWN)},
    ",": {"0": 0.5, "2": 0.5},
    "]": {"}": 1.0},
    MORE: {STATEMENT: 1.0},
    TURNS_MORE: {SHOWN[0]: 0.5, SHOWN[1]: 0.5},
    WITHDRAW: {KEEP: 0.8, DROP: 0.2},
    **{closing: {END: 1.0} for closing in (OVER, TURNS_OVER, KEEP, DROP, "}")},
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
    tokenizer.add_tokens([*FIRST_WORDS, *PIECES])
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
    for unknown in _letterless(tokenizer):  # after what no rule knows, a letter or the end
        for token in (*LETTERS, END):
            table[_number(tokenizer, token), unknown] = 0.04
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
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 1,
        "num_key_value_heads": 1,
        "head_dim": 16,
        "max_position_embeddings": CONTEXT,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "initializer_range": 0.003,  # noise beside the table
        "tie_word_embeddings": False,
    }
