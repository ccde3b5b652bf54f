"""Language models of a few hundred thousand random weights, made on the spot: their words are noise, all else is real.

    python -m tests.models.tiny FOLDER     makes FOLDER/tiny-llama and FOLDER/tiny-qwen (seconds, a few hundred kB each)

A token is a byte, so that any text can be asked and any can come back, and no vocabulary has to be fetched.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

CONTEXT = 16_384  # bytes of question and answer
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
SPECIAL = ["<|pad|>", "<|im_start|>", "<|im_end|>"]


def tiny_tokenizer(context: int = CONTEXT, template: str | None = TEMPLATE) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*SPECIAL, *letters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    made = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<|pad|>",
        eos_token="<|im_end|>",
        additional_special_tokens=["<|im_start|>"],
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )
    made.chat_template = template
    return made


def sizes(tokenizer: Any, context: int) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": context,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "initializer_range": 0.3,  # sharp enough that a token in 32 bits is chosen for good
    }


def make_tiny(folder: Path, kind: str, *, context: int = CONTEXT, template: str | None = TEMPLATE) -> Path:
    """A model of this ``kind`` (llama, qwen, gpt2) in FOLDER/tiny-KIND, the same weights each time."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

    makers: dict[str, tuple[Any, Any]] = {
        "llama": (LlamaConfig, LlamaForCausalLM),
        "qwen": (Qwen3Config, Qwen3ForCausalLM),
        "gpt2": (GPT2Config, GPT2LMHeadModel),  # of the old kind, whose positions are absolute
    }
    config, model = makers[kind]
    tokenizer = tiny_tokenizer(context, template)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        made = model(config(**sizes(tokenizer, context)))
    place = folder / f"tiny-{kind}"
    made.save_pretrained(place)
    tokenizer.save_pretrained(place)
    return place


if __name__ == "__main__":
    for each in ("llama", "qwen"):
        print(make_tiny(Path(sys.argv[1]), each))
