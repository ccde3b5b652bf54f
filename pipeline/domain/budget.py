"""What a run may still spend, looked at before each call.

A call is begun where what is spent, what is in flight at its worst and the call at its worst stay within the budget.
Spent is what the run's rows say, whoever worked on it; a worker reads them once a second (or less often, where that
takes long), so that several may pass the budget together by what the others begin in between: at most their calls of
that second.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, Q, Sum

from pipeline.backends.base import ModelAnswer, Outcome
from pipeline.enums import CompletionState
from pipeline.models import Run
from pipeline.prices import MILLION
from pipeline.requests import ModelRequest

ANSWER_TOKENS = 1024  # of an answer that nothing bounds, while none is known to be longer
LOOK = 1.0  # seconds
SHARE = 20  # a look may take a twentieth of the time


class BudgetSpent(Exception):
    """The next call could pass the budget; the message says which, and what to do."""


class Tokens(NamedTuple):
    asked: int
    answered: int

    def plus(self, other: Tokens, times: int = 1) -> Tokens:
        return Tokens(self.asked + times * other.asked, self.answered + times * other.answered)


NONE = Tokens(0, 0)


@dataclass
class Limits:
    tokens: int | None
    money: Decimal | None
    input_price: Decimal  # of one token
    output_price: Decimal
    currency: str

    def money_of(self, tokens: Tokens) -> Decimal:
        return tokens.asked * self.input_price + tokens.answered * self.output_price

    def hold(self, tokens: Tokens) -> bool:
        if self.tokens is not None and sum(tokens) > self.tokens:
            return False
        return self.money is None or self.money_of(tokens) <= self.money


class Purse:
    """One worker's look at the budget of its run. Used from one thread."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.flying: dict[int, Tokens] = {}  # worst case, by completion
        self.longest = ANSWER_TOKENS
        self.problem = ""
        self.next_look = 0.0
        self.limits: Limits | None = None
        self.spent, self.others = NONE, NONE

    def affordable(self, requests: Sequence[ModelRequest]) -> int:
        """How many of these calls may begin, from the first on; ``problem`` is set where none may and none is out.

        Raises BudgetSpent where the budget cannot be kept at all.
        """
        self.problem = ""
        self._look(requests[0])
        if self.limits is None:
            return len(requests)
        held = self.spent.plus(self.others)
        for tokens in self.flying.values():
            held = held.plus(tokens)
        for number, request in enumerate(requests):
            held = held.plus(self.worst(request))
            if not self.limits.hold(held):
                if number == 0 and not self.flying and self.others == NONE:
                    self.problem = _message(self.limits, self.spent, self.worst(request))
                return number
        return len(requests)

    def check(self) -> None:
        """Raises BudgetSpent where the last look found no call affordable, now or later."""
        if self.problem:
            raise BudgetSpent(self.problem)

    def begin(self, completion: int, request: ModelRequest) -> None:
        self.flying[completion] = self.worst(request)

    def end(self, completion: int, outcome: Outcome | None) -> None:
        """``outcome`` None: it was never sent. An answer that the server did not count is taken at its worst."""
        worst = self.flying.pop(completion, NONE)
        if isinstance(outcome, ModelAnswer):
            counted = outcome.prompt_tokens is not None
            took = Tokens(outcome.prompt_tokens or 0, outcome.completion_tokens or 0) if counted else worst
            self.spent = self.spent.plus(took)
            self.longest = max(self.longest, took.answered)

    def worst(self, request: ModelRequest) -> Tokens:
        """Three characters a token, and the whole answer that it may give."""
        asked = sum(len(message.content) // 3 + 8 for message in request.messages)
        return Tokens(asked, request.sampling.max_tokens or self.longest)

    def _look(self, request: ModelRequest) -> None:
        began = time.monotonic()
        if began < self.next_look:
            return
        self.limits = limits_of(self.run)
        if self.limits is not None:
            self._count(self.worst(request))
        self.next_look = began + max(LOOK, SHARE * (time.monotonic() - began))

    def _count(self, usual: Tokens) -> None:
        """What the rows say: others' calls in flight, and answers that no server counted, are taken as ``usual``."""
        answered = Q(state=CompletionState.ANSWERED)
        found: dict[str, Any] = self.run.completions.aggregate(
            asked=Sum("prompt_tokens"),
            answered=Sum("completion_tokens"),
            uncounted=Count("pk", filter=answered & Q(prompt_tokens=None)),
            flying=Count("pk", filter=Q(state=CompletionState.IN_FLIGHT)),
        )
        self.spent = Tokens(found["asked"] or 0, found["answered"] or 0).plus(usual, found["uncounted"])
        self.others = NONE.plus(usual, max(0, found["flying"] - len(self.flying)))


def limits_of(run: Run) -> Limits | None:
    """As the run's row says now: a budget may be raised while it runs. None where there is none."""
    row = Run.objects.only("budget_tokens", "budget_money", "prices").get(pk=run.pk)
    if row.budget_tokens is None and row.budget_money is None:
        return None
    prices = row.prices
    if row.budget_money is not None and not prices:
        raise BudgetSpent(
            f"no price of {run.model_name} is known, so that no budget in money can be kept: name one in a file that "
            "PRICES points to, or give a budget in tokens"
        )
    each = {name: Decimal(prices.get(name, 0)) / MILLION for name in ("input", "output")}
    return Limits(row.budget_tokens, row.budget_money, each["input"], each["output"], prices.get("currency", ""))


def _message(limits: Limits, spent: Tokens, worst: Tokens) -> str:
    if limits.tokens is not None and sum(spent) + sum(worst) > limits.tokens:
        budget = f"budget of {limits.tokens} tokens: {sum(spent)} are spent, and the next call may take {sum(worst)}"
        return f"{budget}: raise it (--budget-tokens) and start the run again"
    budget = f"budget of {limits.money.normalize():f} {limits.currency}" if limits.money is not None else "budget"
    return (
        f"{budget}: {limits.money_of(spent):.4f} are spent, and the next call may take "
        f"{limits.money_of(worst):.4f}: raise it (--budget-money) and start the run again"
    )
