"""The world itself: its people and prompts, and the truth about them, found by texts alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from pipeline.sources.world.catalogue import (
    TRUE,
    UNSUPPORTED,
    Catalogue,
    Concept,
    PromptText,
    catalogue,
    problem,
    squeezed,
    words_of,
)
from pipeline.sources.world.chatting import Turn, write_chat
from pipeline.sources.world.draws import gauss, pick
from pipeline.sources.world.people import (
    REAL,
    SYNTHETIC,
    ChatPlan,
    Corpus,
    PersonPlan,
    Show,
    plan_person,
    split_evenly,
)

PEOPLE, SYNTHETIC_PEOPLE, PROMPTS, PAIRS = 50, 20, 41, 164
FEWEST_PEOPLE = 4
RELEVANT_ABOVE = 1.42  # of ``affinity``: a fifth of what raters see
VARIANTS = ("", " Please keep it short.", " I have time until next month.", " It may be a little unusual.")


@dataclass(frozen=True)
class Chat:
    source_id: str
    plan: ChatPlan
    turns: list[Turn]

    @property
    def shows(self) -> list[Show]:
        return self.plan.shows


@dataclass(frozen=True)
class WorldPerson:
    source_id: str
    corpus: str
    register: str
    traits: dict[str, str]
    chats: tuple[Chat, ...]

    def concepts(self) -> dict[str, Concept]:
        return {show.concept.name: show.concept for chat in self.chats for show in chat.shows}


@dataclass(frozen=True)
class WorldPrompt:
    index: int
    text: str
    kind: PromptText
    people: tuple[str, ...]


@dataclass(frozen=True)
class World:
    seed: str
    scale: float
    people: tuple[WorldPerson, ...] = field(repr=False)
    prompts: tuple[WorldPrompt, ...] = field(repr=False)
    catalogue: Catalogue = field(default_factory=catalogue, repr=False)

    @cached_property
    def _statements(self) -> dict[str, Concept]:
        known = self.catalogue
        concepts = [known.trait(name, value) for name, kind in known.families.items() for value in kind.values]
        concepts += [concept for person in self.people for concept in person.concepts().values()]
        return {wording: concept for concept in concepts for wording in concept.wordings}

    @cached_property
    def _openings(self) -> dict[str, tuple[WorldPerson, int]]:
        return {
            squeezed(chat.turns[0]["content"]): (person, place)
            for person in self.people
            for place, chat in enumerate(person.chats)
        }

    @cached_property
    def _prompts(self) -> dict[str, WorldPrompt]:
        return {squeezed(prompt.text): prompt for prompt in self.prompts}

    def concept_of(self, statement: str) -> Concept:
        """What a statement says. One that the world never made is unsupported of everybody."""
        found = self._statements.get(squeezed(statement))
        return found or problem(UNSUPPORTED, squeezed(statement) or "Is.")

    def knows(self, statement: str) -> bool:
        return squeezed(statement) in self._statements

    def chat_opening_with(self, turn: str) -> tuple[WorldPerson, int] | None:
        """Whose conversation begins with this turn, and the how-manieth of theirs it is."""
        return self._openings.get(squeezed(turn))

    def person_of(self, turns: Iterable[str]) -> WorldPerson | None:
        """The person to whom one of these turns opened a conversation."""
        found = (self.chat_opening_with(turn) for turn in turns)
        return next((hit[0] for hit in found if hit), None)

    def prompt_of(self, text: str) -> WorldPrompt | None:
        return self._prompts.get(squeezed(text))

    def truth_about(self, person: WorldPerson | None, statement: str) -> str:
        """TRUE, or the kind of problem, of this statement about this person (None: nobody known)."""
        concept = self.concept_of(statement)
        if concept.kind != TRUE:
            return concept.kind
        has_it = person is not None and person.traits.get(concept.family) == concept.value
        return TRUE if has_it else UNSUPPORTED

    def topics_of(self, concept: Concept) -> tuple[str, ...]:
        return concept.topics or (pick(self.catalogue.topics, self.seed, "topic", concept.name),)

    def affinity(self, prompt_text: str, statement: str) -> float:
        """How much knowing the statement would change an answer to the prompt; relevant above RELEVANT_ABOVE."""
        text, concept = squeezed(prompt_text), self.concept_of(statement)
        prompt = self.prompt_of(text)
        shared = len(set(prompt.kind.topics) & set(self.topics_of(concept))) if prompt else 0
        subject = prompt.kind.text if prompt else text
        own = 0.65 * gauss(self.seed, "subject", subject, concept.family or concept.name)
        return (0.0, 1.5, 2.1)[min(shared, 2)] + own + 0.35 * gauss(self.seed, "detail", text, concept.name)

    def is_relevant(self, prompt_text: str, statement: str) -> bool:
        return self.affinity(prompt_text, statement) > RELEVANT_ABOVE

    def use_of(self, response: str, statement: str) -> str:
        """How a response takes the statement up: "open", "quiet", or "" for not at all."""
        concept = self.concept_of(statement)
        if not concept.family:
            return ""
        words = words_of(response)
        if concept.value and words_of(self.catalogue.families[concept.family].you.format(x=concept.value)) in words:
            return "open"
        return "quiet" if self._uses[concept.family] in words else ""

    def uses_in(self, response: str) -> list[str]:
        """Families of traits that a response takes up."""
        words = words_of(response)
        return [family for family, use in self._uses.items() if use in words]

    @cached_property
    def _uses(self) -> dict[str, str]:
        """Of each family the words that stand in any response that takes it up, whatever the value."""
        return {name: words_of(max(kind.use.split("{x}"), key=len)) for name, kind in self.catalogue.families.items()}


def make_world(seed: str, scale: float = 1.0) -> World:
    """The same world for the same seed and scale, anywhere. Scale 1 is the study's size."""
    if not 0 < scale <= 100:
        raise ValueError(f"scale is {scale}: give a number above 0, up to 100 (1 = the study's size)")
    random = Random(f"{seed}|world")  # noqa: S311
    n_people = max(FEWEST_PEOPLE, round(PEOPLE * scale))
    taken: set[str] = set()
    people = _make_people(seed, REAL, n_people, taken, random)
    others = _make_people(seed, SYNTHETIC, max(2, round(SYNTHETIC_PEOPLE * scale)), taken, random)
    prompts = _make_prompts([person.source_id for person in people], scale, random)
    return World(seed, scale, (*people, *others), prompts)


def _make_people(seed: str, corpus: Corpus, n: int, taken: set[str], random: Random) -> list[WorldPerson]:
    fewest, most, mean = corpus.conversations
    sizes = split_evenly(n * mean, n, fewest, most, random)
    plans = [plan_person(catalogue(), corpus, number, size, seed) for number, size in enumerate(sizes)]
    return [_write_person(plan, taken, seed) for plan in plans]


def _write_person(plan: PersonPlan, taken: set[str], seed: str) -> WorldPerson:
    """``taken``: openings that stand already; no two conversations of the world begin alike."""
    chats = []
    for place, chat in enumerate(plan.chats):
        random = Random(f"{seed}|{plan.source_id}|{place}")  # noqa: S311
        turns = write_chat(catalogue(), plan, chat, random)
        again = 1
        while squeezed(turns[0]["content"]) in taken:
            again += 1
            turns[0]["content"] += f" (I asked this before, now for the {again}. time)"
        taken.add(squeezed(turns[0]["content"]))
        chats.append(Chat(f"{plan.source_id}-{place:02d}", chat, turns))
    return WorldPerson(plan.source_id, plan.corpus.slug, plan.register, plan.traits, tuple(chats))


def _make_prompts(people: Sequence[str], scale: float, random: Random) -> tuple[WorldPrompt, ...]:
    """Each prompt for two to four people, each person with two to five prompts."""
    n_prompts = max(2, round(PROMPTS * scale))
    n_pairs = min(max(round(PAIRS * scale), 2 * n_prompts, 2 * len(people)), 4 * n_prompts, 5 * len(people))
    kinds = catalogue().prompts
    shares = split_evenly(n_pairs, n_prompts, 2, 4, random)
    groups = _groups(people, shares, n_pairs, random)
    prompts = []
    for index, group in enumerate(groups):
        kind, round_ = kinds[index % len(kinds)], index // len(kinds)
        variant = VARIANTS[round_] if round_ < len(VARIANTS) else f" This is question {round_ + 1} about it."
        prompts.append(WorldPrompt(index, kind.text + variant, kind, tuple(sorted(group))))
    return tuple(prompts)


def _groups(people: Sequence[str], shares: Sequence[int], n_pairs: int, random: Random) -> list[list[str]]:
    """Whoever has had the fewest prompts comes first, but some may have more."""
    wanted = dict(zip(people, split_evenly(n_pairs, len(people), 2, 5, random), strict=True))
    groups: list[list[str]] = []
    for share in sorted(shares, reverse=True):
        ranked = sorted(people, key=lambda person: (-wanted[person], random.random()))
        group = ranked[:share]
        for person in group:
            wanted[person] -= 1
        groups.append(group)
    random.shuffle(groups)
    return groups
