"""A campaign as DESIGN.md promises it, in plain Python: what test_history.py holds the database to.

Which item a claim gives is the database's choice; the model says whether it was a right one. All else it foretells.
"""

from __future__ import annotations

from dataclasses import dataclass, field

HELD, SUBMITTED, EXPIRED, RETURNED, WITHDRAWN, SURPLUS = (
    "held",
    "submitted",
    "expired",
    "returned",
    "withdrawn",
    "surplus",
)
OCCUPYING, ANSWERED = (HELD, SUBMITTED), (SUBMITTED, WITHDRAWN, SURPLUS)


class Over(Exception):
    """What is refused, with nothing changed."""


@dataclass
class Tenure:
    """One rater at one item. ``seat`` is its number, None at gold; ``submitted`` when, in the order of submits."""

    rater: int
    item: int
    seat: int | None
    side: str
    state: str = HELD
    overdue: bool = False
    submitted: int | None = None
    values: list[str | None] = field(default_factory=list)  # every value ever submitted; None: erased
    drafted: bool = False


@dataclass
class Model:
    k: int
    sides: dict[int, list[str]]  # of the seats of each work item
    gold: set[int]
    state: str = "collecting"
    tenures: dict[tuple[int, int], Tenure] = field(default_factory=dict)
    raters: dict[int, str] = field(default_factory=dict)
    submits: int = 0

    def of_rater(self, rater: int, *states: str) -> list[Tenure]:
        return [each for each in self.tenures.values() if each.rater == rater and each.state in states]

    def occupant(self, item: int, seat: int) -> Tenure | None:
        found = [each for each in self.tenures.values() if (each.item, each.seat) == (item, seat)]
        return next((each for each in found if each.state in OCCUPYING), None)

    def free_seats(self, item: int) -> list[int]:
        return [seat for seat in range(len(self.sides[item])) if self.occupant(item, seat) is None]

    def is_free(self, tenure: Tenure) -> bool:
        return tenure.seat is None or self.occupant(tenure.item, tenure.seat) is None

    def may_be_given(self, rater: int, besides: int | None) -> str:
        """Where the rater's next item has to come from: held, expired, new, or nowhere ("")."""
        if self.raters[rater] != "active" or self.state != "collecting":
            return ""
        if any(each.item != besides for each in self.of_rater(rater, HELD)):
            return HELD
        return EXPIRED if any(self.is_free(each) for each in self.of_rater(rater, EXPIRED)) else "new"

    def open_to(self, rater: int) -> list[int]:
        """Work items that the rater may be given, which are those with the fewest seats left."""
        free = {item: len(self.free_seats(item)) for item in self.sides if (rater, item) not in self.tenures}
        fewest = min((n for n in free.values() if n), default=0)
        return [item for item, n in free.items() if n and n == fewest]

    def give(self, rater: int, item: int, seat: int | None, side: str) -> None:
        """A new tenure, where it is a right one: never twice, of a free seat, on the side that evens out the item."""
        assert (rater, item) not in self.tenures, "an item came twice"
        assert len(self.of_rater(rater, HELD)) < 2, "more than two are held"
        if seat is None:
            assert item in self.gold
        else:
            assert item in self.open_to(rater), "another item had fewer seats left"
            assert seat in self.free_seats(item), "the seat was taken"
            taken = [self.sides[item][n] for n in range(len(self.sides[item])) if self.occupant(item, n)]
            possible = {self.sides[item][n] for n in self.free_seats(item)}
            assert all(taken.count(side) <= taken.count(other) for other in possible), "the sides drift apart"
        self.tenures[rater, item] = Tenure(rater, item, seat, side)

    def expire(self) -> None:
        for each in list(self.tenures.values()):
            if each.state == HELD and each.overdue:
                self._leave(each, EXPIRED)

    def complete_if_done(self) -> None:
        if all(
            (sitting := self.occupant(item, seat)) and sitting.state == SUBMITTED
            for item, seats in self.sides.items()
            for seat in range(len(seats))
        ):
            self.state = "complete"

    def submit(self, rater: int, item: int, value: str) -> None:
        each = self.tenures[rater, item]
        if each.state == WITHDRAWN or self.raters[rater] != "active":
            raise Over
        if each.state in ANSWERED:
            if each.values[0] != value:
                raise Over
            return
        each.state = SUBMITTED if each.state == HELD or self.is_free(each) else SURPLUS
        each.values.append(value)
        each.submitted, self.submits = self.submits, self.submits + 1
        each.drafted = False

    def revise(self, rater: int, item: int, value: str) -> None:
        each = self.tenures[rater, item]
        if each.state not in (SUBMITTED, SURPLUS):
            raise Over
        if each.values[-1] != value:
            each.values.append(value)

    def draft(self, rater: int, item: int) -> None:
        """A sign of the rater: what is held is theirs for another while."""
        each = self.tenures[rater, item]
        if each.state == RETURNED or (each.state == EXPIRED and self.raters[rater] != "active"):
            raise Over
        each.overdue = False
        each.drafted = each.drafted or each.state not in ANSWERED

    def give_back(self, rater: int, item: int) -> None:
        each = self.tenures[rater, item]
        if each.state in ANSWERED:
            raise Over
        self._leave(each, RETURNED)
        each.drafted = False

    def depart(self, rater: int, state: str) -> None:
        self.raters[rater] = state
        for each in sorted(self.of_rater(rater, HELD, SUBMITTED, SURPLUS), key=lambda each: each.item):
            self._leave(each, WITHDRAWN)
        self._reopen()

    def erase(self, rater: int) -> None:
        """What they chose is gone; that they answered stays."""
        for each in self.tenures.values():
            if each.rater == rater:
                each.values, each.drafted = [None] * len(each.values), False

    def readmit(self, rater: int) -> None:
        self.raters[rater] = "active"
        for each in self.of_rater(rater, WITHDRAWN):
            if each.submitted is None:
                each.state, each.overdue = EXPIRED, False
            else:
                each.state = SUBMITTED if self.is_free(each) else SURPLUS

    def raise_k(self) -> None:
        self.k += 1
        for item, sides in self.sides.items():
            sides.append({"left": "right", "right": "left"}[sides[-1]])
            self._seat_surplus(item, seat=None, new=self.k - 1)
        self._reopen()

    def _reopen(self) -> None:
        if self.state == "complete" and any(self.free_seats(item) for item in self.sides):
            self.state = "collecting"

    def _leave(self, each: Tenure, state: str) -> None:
        occupied, each.state = each.state in OCCUPYING, state
        if occupied and each.seat is not None:
            self._seat_surplus(each.item, seat=each.seat, new=each.seat)

    def _seat_surplus(self, item: int, seat: int | None, new: int) -> None:
        """The oldest answer without a seat takes this one: one that came late for it, or (new seats) of its side."""
        waiting = [
            each
            for each in self.tenures.values()
            if (each.item, each.state) == (item, SURPLUS)
            and self.raters[each.rater] == "active"
            and (each.seat == seat if seat is not None else each.side == self.sides[item][new])
        ]
        if waiting:
            oldest = min(waiting, key=lambda each: each.submitted or 0)
            oldest.state, oldest.seat = SUBMITTED, new
