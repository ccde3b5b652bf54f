"""What a rater's form holds, and what of it goes to the domain."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from django.http import QueryDict

from annotation.domain.drafting import EnteredRemarks
from annotation.domain.submissions import Answer, RemarkInput, Submission
from annotation.enums import RemarkKind, ReturnReason
from annotation.models import Assignment, DraftRemarks

TOKEN = re.compile(r"[a-z2-9]{26}")
ANSWER = re.compile(r"answer-([0-9]{1,4})")
FLAG_WITHOUT_WORDS = "(flagged without words)"


@dataclass(frozen=True)
class Entered:
    """What stands in the form: answers by place on the page, and the free text as typed."""

    answers: dict[int, Answer] = field(default_factory=dict)
    note: str = ""
    missing: str = ""
    flagged: bool = False
    flag_text: str = ""


def entered_in(post: QueryDict) -> Entered:
    return Entered(
        answers={int(match[1]): _answer(post, match[1]) for name in post if (match := ANSWER.fullmatch(name))},
        note=post.get("note", ""),
        missing=post.get("missing", ""),
        flagged=bool(post.get("flag")) or bool(post.get("flag_text", "").strip()),
        flag_text=post.get("flag_text", ""),
    )


def _answer(post: QueryDict, place: str) -> Answer:
    """An accepted attribute needs no excuse: a reason chosen before the rater thought better of it is left behind."""
    value = post.get(f"answer-{place}", "")
    return Answer(value, "" if value == "accepted" else post.get(f"reason-{place}", ""))


def submission_of(entered: Entered, post: QueryDict) -> Submission:
    return Submission(
        key=post.get("key", ""),
        answers=entered.answers,
        remarks=tuple(_remarks(entered)),
        seconds=_number(post.get("seconds", "")),
        hidden_seconds=_number(post.get("hidden_seconds", "")),
        pastes=_whole_number(post.get("pastes", "")),
        based_on=_whole_number(post.get("based_on", "")),
    )


def drafted_remarks(entered: Entered, post: QueryDict) -> EnteredRemarks | None:
    """The free text to keep; None where the request is not about it."""
    if "remarks" not in post:
        return None
    return EnteredRemarks(entered.note, entered.missing, entered.flagged, entered.flag_text)


def fetched_ahead(post: QueryDict) -> str:
    """The token of the item that the page holds besides the one that is sent; "" for none."""
    token = post.get("ahead", "")
    return token if TOKEN.fullmatch(token) else ""


def return_reason(post: QueryDict) -> ReturnReason:
    """Why an item is skipped. Nobody has to say, so what is no reason of the list is none."""
    given = post.get("reason", "")
    return ReturnReason(given) if given in ReturnReason.values else ReturnReason.NONE


def _remarks(entered: Entered) -> list[RemarkInput]:
    remarks = [RemarkInput(RemarkKind.MISSING_ATTRIBUTE, line) for line in entered.missing.splitlines() if line.strip()]
    if entered.note.strip():
        remarks.append(RemarkInput(RemarkKind.NOTE, entered.note))
    if entered.flagged:
        remarks.append(RemarkInput(RemarkKind.FLAG, entered.flag_text.strip() or FLAG_WITHOUT_WORDS))
    return remarks


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _whole_number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def drafted(assignment: Assignment) -> Entered:
    """What was kept as drafts: answers and free text."""
    places = {position: place for place, position in enumerate(assignment.order)}
    answers = {
        places[draft.question.position]: Answer(draft.value, draft.reason)
        for draft in assignment.drafts.select_related("question")
    }
    kept = DraftRemarks.objects.filter(assignment=assignment).first() or DraftRemarks()
    return Entered(answers, kept.note, kept.missing, kept.flagged, kept.flag_text)


def submitted(assignment: Assignment) -> Entered:
    """The answers that stand. Remarks are only ever added, so the form for them starts empty."""
    places = {position: place for place, position in enumerate(assignment.order)}
    return Entered(
        {
            places[judgment.question.position]: Answer(judgment.value or "", judgment.reason)
            for judgment in assignment.judgments.select_related("question")
        }
    )
