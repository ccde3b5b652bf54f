"""The five models of the world: how each errs, chooses, writes and judges. Their values stand in texts/models.toml."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.sources.world.catalogue import read_texts, with_tuples


@dataclass(frozen=True)
class Character:
    name: str
    keeps_true: float  # share of what is true that it extracts
    keeps_wrong: float  # and of what is wrong
    yes_above: float  # affinity from which it votes yes; people do from RELEVANT_ABOVE
    opens: float  # share of a person's traits that it mentions openly where it takes them up
    judge_mean: float  # about its mean rating, where 3 is no difference and 5 the personalized response much better
    sees: float  # how much of the true difference moves its ratings
    likes_mention: float  # what an open mention adds to them
    leans: float  # towards the right
    n_tips: int
    bullet: str
    intros: tuple[str, ...]
    outros: tuple[str, ...]
    leads: tuple[str, ...]  # how it mentions a trait openly


CHARACTERS = {name: Character(name=name, **with_tuples(entry)) for name, entry in read_texts("models").items()}
EMBEDDINGS = "world-embeddings"


def character(model: str) -> Character:
    """Raises ValueError for a model that does not live here."""
    if model not in CHARACTERS:
        raise ValueError(f"no model is called {model!r} here: there are {', '.join(CHARACTERS)}")
    return CHARACTERS[model]
