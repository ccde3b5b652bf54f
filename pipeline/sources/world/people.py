"""Who lives in the world: each person's traits, where they show, and what a careless reader would make of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from random import Random

from pipeline.sources.world.catalogue import (
    NOT_STANDALONE,
    TASK_CONTEXT,
    UNSUPPORTED,
    Catalogue,
    Concept,
    Task,
    problem,
)

OPENING = "the opening"
REGISTERS = ("plain", "lower", "typos", "chatty", "formal")


@dataclass(frozen=True)
class Corpus:
    """How a corpus differs. ``true`` and ``problems``: fewest and most distinct statements of a person."""

    slug: str
    letter: str
    conversations: tuple[int, int, int]  # fewest, most, mean of a person
    true: tuple[int, int]
    problems: tuple[int, int]


REAL = Corpus("world", "w", (5, 20, 11), (16, 21), (13, 18))
SYNTHETIC = Corpus("synthetic", "s", (5, 12, 8), (26, 31), (4, 7))

# How statements go wrong, in the study's proportions.
SHARES = {"overgeneralized": 0.54, UNSUPPORTED: 0.22, TASK_CONTEXT: 0.17, NOT_STANDALONE: 0.07}


@dataclass
class Show:
    """A statement that a conversation gives rise to. ``turns`` are its evidence, filled in when the chat is written."""

    concept: Concept
    number: int  # the how-manieth time
    confidence: float
    cue: str = ""  # what the person says; "" for a statement that is not true of them
    misread: str = ""  # what a wrong statement was taken from: OPENING, the family of a trait, or "" for nothing
    turns: tuple[int, ...] = ()


@dataclass
class ChatPlan:
    task: Task
    slots: dict[str, str]
    shows: list[Show] = field(default_factory=list)


@dataclass
class PersonPlan:
    source_id: str
    corpus: Corpus
    register: str
    traits: dict[str, str]  # family -> value
    chats: list[ChatPlan]


def plan_person(catalogue: Catalogue, corpus: Corpus, number: int, n_chats: int, seed: str) -> PersonPlan:
    random = Random(f"{seed}|{corpus.slug}|{number}")  # noqa: S311
    families = random.sample(sorted(catalogue.families), random.randint(*corpus.true))
    traits = {name: random.choice(catalogue.families[name].values) for name in families}
    chats = [ChatPlan(task, _slots(catalogue, random)) for task in _tasks(catalogue, n_chats, random)]
    person = PersonPlan(f"{corpus.letter}{number:04d}", corpus, random.choice(REGISTERS), traits, chats)
    shown = _show_traits(catalogue, person, random)
    _plant_problems(catalogue, person, shown, random)
    return person


def _tasks(catalogue: Catalogue, n: int, random: Random) -> list[Task]:
    rounds = [random.sample(catalogue.tasks, len(catalogue.tasks)) for _ in range(-(-n // len(catalogue.tasks)))]
    return [task for round_ in rounds for task in round_][:n]


def _slots(catalogue: Catalogue, random: Random) -> dict[str, str]:
    chosen = {name: random.choice(values) for name, values in sorted(catalogue.slots.items())}
    return chosen | {"n": str(random.randint(3, 9)), "m": str(random.randint(11, 48))}


def _show_traits(catalogue: Catalogue, person: PersonPlan, random: Random) -> dict[str, list[ChatPlan]]:
    """Each trait in one to three conversations, rather where little was said yet and the subject is near."""
    shown: dict[str, list[ChatPlan]] = defaultdict(list)
    for family, value in person.traits.items():
        kind = catalogue.families[family]
        concept = catalogue.trait(family, value)
        times = min(random.choices((1, 2, 3), (0.58, 0.29, 0.13))[0], len(person.chats))
        cues = random.sample(kind.cues, len(kind.cues))
        for number in range(times):
            open_chats = [chat for chat in person.chats if chat not in shown[family]]
            weights = [_nearness(chat, kind.topics) / (1 + len(chat.shows)) ** 2 for chat in open_chats]
            chat = random.choices(open_chats, weights)[0]
            confidence = _confidence(random, 0.83) if number == 0 else random.uniform(0.3, 0.97)
            chat.shows.append(Show(concept, number, round(confidence, 2), cues[number].format(x=value)))
            shown[family].append(chat)
    return shown


def _nearness(chat: ChatPlan, topics: tuple[str, ...]) -> float:
    return 2.0 if set(chat.task.topics) & set(topics) else 1.0


def _confidence(random: Random, mean: float) -> float:
    return min(0.98, max(0.41, random.gauss(mean, 0.1)))


def _plant_problems(catalogue: Catalogue, person: PersonPlan, shown: dict[str, list[ChatPlan]], random: Random) -> None:
    """Those that pass the filter, then a few that models themselves do not believe."""
    sure = random.randint(*person.corpus.problems)
    unsure = random.randint(2, 4)
    planted: set[str] = set()
    while len(planted) < sure + unsure:
        kind = random.choices(list(SHARES), list(SHARES.values()))[0]
        concept, chats, misread = _problem(catalogue, person, shown, kind, random)
        if concept.name in planted:
            continue
        planted.add(concept.name)
        low = len(planted) > sure
        for number, chat in enumerate(chats[:1] if low else chats):
            confidence = random.uniform(0.12, 0.39) if low else _confidence(random, 0.66)
            chat.shows.append(Show(concept, number, round(confidence, 2), misread=misread))


def _problem(
    catalogue: Catalogue, person: PersonPlan, shown: dict[str, list[ChatPlan]], kind: str, random: Random
) -> tuple[Concept, list[ChatPlan], str]:
    """What is wrongly concluded, in which conversations, and misread from what."""
    chat = random.choice(person.chats)
    if kind == TASK_CONTEXT:
        text = random.choice(chat.task.confusions).format(**chat.slots)
        return problem(kind, text, chat.task.topics), [chat], OPENING
    if kind == NOT_STANDALONE:
        text = random.choice(catalogue.not_standalone).format(**chat.slots)
        return problem(kind, text), [chat], OPENING
    if kind == UNSUPPORTED:
        strange = sorted(set(catalogue.families) - set(person.traits))
        if random.random() < 0.5:
            family = random.choice(strange)
            return catalogue.trait(family, random.choice(catalogue.families[family].values)), [chat], ""
        return problem(kind, random.choice(catalogue.unsupported)), [chat], ""
    family = random.choice(sorted(person.traits))
    concept = catalogue.overgeneralized(family, person.traits[family], random.randrange(2))
    chats = shown[family] if random.random() < 0.3 else shown[family][:1]
    return concept, chats, family


def split_evenly(total: int, parts: int, fewest: int, most: int, random: Random) -> list[int]:
    """``parts`` whole numbers from ``fewest`` to ``most`` that add up to ``total``, unevenly on purpose."""
    sizes = [fewest] * parts
    weights = [random.paretovariate(1.6) for _ in range(parts)]
    for _ in range(total - fewest * parts):
        open_parts = [place for place in range(parts) if sizes[place] < most]
        sizes[random.choices(open_parts, [weights[place] for place in open_parts])[0]] += 1
    return sizes
