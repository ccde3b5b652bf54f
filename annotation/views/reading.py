"""The two parts of a page of attribute quality that grow with its material, as HTML: the chats, and each statement's
evidence. Cast turn by turn and place by place (casting.py): a person may have sixty long chats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace

from django.template.loader import get_template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator, slugify
from django.utils.translation import get_language, gettext

from annotation.instruments.attribute_quality import SPEAKERS
from annotation.instruments.material import ConversationView, EvidenceView, Passage, TurnView
from annotation.views.casting import Marks, Mould

OPENING = 80  # characters of a chat's first words, in the list of chats
QUOTE = 160  # characters of a quote beside its statement; the whole of it is marked in the chat
SHOWN = 3  # places of evidence that stand open; the others are folded


@dataclass(frozen=True)
class Chat:
    place: int
    opening: str
    n_turns: int
    long: bool
    turns: SafeString


def conversations_html(conversations: Sequence[ConversationView]) -> SafeString:
    """The person's chats with a list of them, each turn with its evidence in pieces."""
    chats = [
        Chat(
            each.place,
            _opening(each),
            len(each.turns),
            each.long,
            mark_safe("".join(_turn_html(each.place, turn) for turn in each.turns)),  # noqa: S308 - cast, so escaped
        )
        for each in conversations
    ]
    return SafeString(get_template("annotation/_conversations.html").render({"chats": chats}))


def evidence_html(evidence: Sequence[EvidenceView]) -> SafeString:
    """Where a statement comes from, in the order of reading."""
    mould = place_mould(get_language() or "")
    places = [
        mould.cast(
            {
                "conversation": each.conversation,
                "turn": each.turn,
                "chatnumber": each.conversation + 1,
                "turnnumber": each.turn + 1,
                "quote": _quote_html(each.quote),
            }
        )
        for each in evidence
    ]
    shown = {"shown": places[:SHOWN], "more": places[SHOWN:]}
    return SafeString(get_template("annotation/_evidence.html").render(shown))


def _opening(conversation: ConversationView) -> str:
    """What the person begins with; in a chat without them, what anybody does."""
    said = [turn for turn in conversation.turns if turn.role == "user"] or list(conversation.turns)
    return Truncator(said[0].passage.text[: OPENING * 4]).chars(OPENING) if said else ""


def _turn_html(chat: int, turn: TurnView) -> SafeString:
    passage = turn.passage
    mould = turn_mould(turn.role, bool(passage.html), passage.long, get_language() or "")
    return mould.cast(
        {
            "chat": chat,
            "turn": turn.place,
            "number": turn.place + 1,
            "html": mark_safe(passage.html),  # noqa: S308 - sanitised where it was rendered
            "text": _text_html(passage),
        }
    )


def _text_html(passage: Passage) -> SafeString:
    """The text as it was written, what is evidence in elements that name the questions it is evidence for."""
    if not passage.parts:
        return escape(passage.text)
    pieces = (
        f'<span data-of="{" ".join(map(str, part.places))}">{escape(part.text)}</span>'
        if part.places
        else escape(part.text)
        for part in passage.parts
    )
    return mark_safe("".join(pieces))  # noqa: S308 - places are numbers, texts escaped


def _quote_html(quote: str) -> SafeString:
    if not quote:
        return SafeString("")
    shown = escape(Truncator(quote[: QUOTE * 4]).chars(QUOTE))
    return mark_safe(f' <q dir="auto">{shown}</q>')  # noqa: S308 - escaped above


@lru_cache(maxsize=128)
def turn_mould(role: str, is_html: bool, long: bool, language: str) -> Mould:
    """``language`` is the one that is spoken now: the template's words are in it."""
    mark = Marks()
    turn = SimpleNamespace(place=mark("turn"), number=mark("number"), kind=_kind(role), speaker=_speaker(role))
    passage = Passage(mark("text"), mark("html") if is_html else "", long)
    context = {"chat": mark("chat"), "turn": turn, "passage": passage}
    return mark.mould(get_template("annotation/_turn.html").render(context))


@lru_cache(maxsize=16)
def place_mould(language: str) -> Mould:
    """As above, of one place of evidence."""
    mark = Marks()
    names = ("conversation", "turn", "chatnumber", "turnnumber", "quote")
    return mark.mould(get_template("annotation/_place.html").render({name: mark(name) for name in names}))


def _kind(role: str) -> str:
    """The class of a turn; what people said is told from what machines said by it."""
    return {"user": "person"}.get(role) or slugify(role) or "other"


def _speaker(role: str) -> str:
    return gettext(SPEAKERS[role]) if role in SPEAKERS else role.capitalize()
