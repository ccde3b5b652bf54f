"""The five models of the world: how each errs, chooses, writes and judges."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Character:
    """``keeps_*``: share of what is true, and of what is wrong, that it extracts. ``yes_above``: affinity from which it
    votes yes. ``opens``: share of attributes that it mentions openly. ``judge_mean``: its mean rating, where 3 is no
    difference and 5 the personalized response; ``sees``: how much of the true difference moves it; ``likes_mention``:
    what an open mention adds; ``leans``: towards the right.
    """

    name: str
    keeps_true: float
    keeps_wrong: float
    yes_above: float
    opens: float
    judge_mean: float
    sees: float
    likes_mention: float
    leans: float
    n_tips: int
    bullet: str
    intros: tuple[str, ...]
    outros: tuple[str, ...]
    leads: tuple[str, ...]


CHARACTERS = {
    character.name: character
    for character in (
        Character(
            "world-llama-70b", 1.0, 1.0, 0.30, 0.62, 4.02, 0.55, 0.30, -0.10, 5, "* ",
            ("Great question! Here are some suggestions:", "I'd be happy to help! Here is what I suggest:"),
            ("I hope this helps! Let me know if you have any further questions.",),
            ("Since {you}, this matters for you in particular: {use}", "Given that {you}, {use}"),
        ),
        Character(
            "world-qwen-27b", 0.86, 0.80, 0.55, 0.70, 3.49, 0.25, 0.36, 0.15, 6, "- ",
            ("Here is a structured answer.", "Let us go through it step by step."),
            ("**Summary:** begin small, and adjust after a week.", "In short: less at once, and more regularly."),
            ("Because {you}, {use}", "Considering that {you}: {use}"),
        ),
        Character(
            "world-gemma-31b", 0.88, 0.72, 0.62, 0.45, 3.41, 0.16, 0.18, 0.10, 5, "* ",
            ("Okay, let's get this sorted.", "Here's a breakdown that should work well."),
            ("Would you like me to go deeper into one of these?",),
            ("As {you}, {use}", "Knowing that {you}, {use}"),
        ),
        Character(
            "world-claude", 0.93, 0.45, 0.92, 0.16, 3.43, 0.50, -0.39, -0.05, 4, "- ",
            ("A few things that tend to work:", "Here is how I would approach it."),
            ("If you tell me what matters most, I can narrow this down.", ""),
            ("With {you} in the picture: {use}", "Since {you}, {use}"),
        ),
        Character(
            "world-gpt", 0.95, 0.50, 0.78, 0.30, 3.52, 0.42, -0.08, 0.05, 6, "1. ",
            ("Short version first, details below.", "Here's a practical plan:"),
            ("If you want, I can turn this into a checklist.",),
            ("Because {you}: {use}", "Since {you}, {use}"),
        ),
    )
}  # fmt: skip

EMBEDDINGS = "world-embeddings"


def character(model: str) -> Character:
    """Raises ValueError for a model that does not live here."""
    if model not in CHARACTERS:
        raise ValueError(f"no model is called {model!r} here: there are {', '.join(CHARACTERS)}")
    return CHARACTERS[model]
