"""A planned conversation put into words: a task, and in passing what the person lets slip."""

from __future__ import annotations

import re
from random import Random

from pipeline.sources.world.catalogue import Catalogue
from pipeline.sources.world.people import OPENING, ChatPlan, PersonPlan, Show

Turn = dict[str, str]


def write_chat(catalogue: Catalogue, person: PersonPlan, chat: ChatPlan, random: Random) -> list[Turn]:
    """The turns; notes at each of the chat's shows in which turns it stands."""
    said = _spread([show for show in chat.shows if show.cue], random)
    turns: list[Turn] = []
    for shows, (request, answer) in zip(said, _exchanges(catalogue, chat, len(said), random), strict=True):
        text = request
        for show in shows:
            show.turns = (len(turns),)
            text = _with_aside(text, show.cue, 0.8 if not turns else 0.5, catalogue, random)
        turns += _exchange(in_register(text, person.register, not turns, random), answer)
    n_users = len(said)
    if random.random() < 0.45:
        thanks = in_register(_any(catalogue, "thanks", random), "plain", False, random)
        turns += _exchange(thanks, _any(catalogue, "goodbye", random))
    _place_problems(chat, n_users, random)
    return turns


def _exchange(request: str, answer: str) -> list[Turn]:
    return [{"role": "user", "content": request}, {"role": "assistant", "content": answer}]


def _spread(shows: list[Show], random: Random) -> list[list[Show]]:
    """Shows by user turn: two to six turns, rarely more than two asides in one."""
    n_turns = max(2, min(7, -(-len(shows) * 2 // 3) + random.randint(0, 1)))
    turns: list[list[Show]] = [[] for _ in range(n_turns)]
    for place, show in enumerate(random.sample(shows, len(shows))):
        turns[place % n_turns].append(show)
    return turns


def _exchanges(catalogue: Catalogue, chat: ChatPlan, n: int, random: Random) -> list[tuple[str, str]]:
    """The task's own requests and answers, and when those are used up, what fits anywhere."""
    own = [random.choice(chat.task.threads), *random.sample(chat.task.followups, len(chat.task.followups))][:n]
    filled = [(request.format(**chat.slots), answer.format(**chat.slots)) for request, answer in own]
    more, answers = catalogue.around["more"], catalogue.around["assistant"]
    rest = max(0, n - len(own))
    return filled + list(zip(random.sample(more, rest), random.sample(answers, rest), strict=True))


def _with_aside(text: str, cue: str, at_end: float, catalogue: Catalogue, random: Random) -> str:
    """The aside behind the text with a chance of ``at_end``, else before it."""
    aside = f"{_any(catalogue, 'lead_ins', random)}{cue}"
    first, second = (text, aside) if random.random() < at_end else (aside, text)
    return f"{first}{'' if first[-1] in '.?!)' else '.'} {second}"


def _place_problems(chat: ChatPlan, n_users: int, random: Random) -> None:
    """Evidence of what was never said: the task, the trait that is exaggerated, any turn, or none."""
    for show in chat.shows:
        if show.cue:
            continue
        if show.misread == OPENING:
            show.turns = (0,)
        elif show.misread:
            show.turns = next(other.turns for other in chat.shows if _shows_trait(other, show.misread))
        elif random.random() < 0.6:
            show.turns = (2 * random.randrange(n_users),)


def _shows_trait(show: Show, family: str) -> bool:
    return bool(show.cue) and show.concept.family == family


def _any(catalogue: Catalogue, pool: str, random: Random) -> str:
    return random.choice(catalogue.around[pool])


def in_register(text: str, register: str, first: bool, random: Random) -> str:
    if register == "lower":
        return text.lower()
    text = _capitalised(text)
    if register == "typos":
        return _with_typos(text, random)
    if register == "chatty":
        return text.rstrip(".") + random.choice(("!!", " :)", " haha", "...", "!"))
    if register == "formal":
        ended = text if text[-1] in ".?!)" else f"{text}."
        return (
            f"Good {random.choice(('morning', 'afternoon', 'evening'))}. {ended} Thank you in advance."
            if first
            else ended
        )
    return text


def _capitalised(text: str) -> str:
    return re.sub(r"(^|[.?!] )([a-z])", lambda found: found[1] + found[2].upper(), text)


def _with_typos(text: str, random: Random) -> str:
    """Letters of some longer words change places."""
    return " ".join(_mistyped(word, random) if random.random() < 0.06 else word for word in text.split(" "))


def _mistyped(word: str, random: Random) -> str:
    if len(word) < 5 or not word.isalpha():
        return word
    place = random.randint(1, len(word) - 3)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
