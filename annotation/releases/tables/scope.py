"""What a release is made of: whose rows, how they are shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from annotation.models import Campaign, Question
from annotation.releases.settings import DEFAULTS, ReleaseSettings
from pipeline.models import ResponsePair
from studies.models import Study


@dataclass(frozen=True)
class Scope:
    """All of ``study``; with ``campaign`` what the numbers of that one rest on: its own rows, the material of the
    people, prompts and pairs that it asks about, what models and labels say of the units that it asks. Runs and consent
    forms are the study's in any case.

    ``covered`` counts, by kind, the places of personal data covered so far; it is filled as texts pass. The methods
    give conditions for ``filter``; ``path`` leads from the rows to that of which they speak, "" where they are that.
    """

    study: Study
    settings: ReleaseSettings = DEFAULTS
    campaign: Campaign | None = None
    covered: Counter[str] = field(default_factory=Counter)

    def campaigns(self, path: str = "") -> Q:
        if self.campaign is None:
            return self._of_study(path, "study")
        return Q(**{path or "pk": self.campaign.pk})

    def people(self, path: str = "") -> Q:
        """With a campaign all that it asks an attribute of: those that its attributes were made from are theirs too."""
        if self.campaign is None:
            return self._of_study(path, "corpus__study")
        return _among(path, self._asked().values("attribute__person"))

    def prompts(self, path: str = "") -> Q:
        if self.campaign is None:
            return self._of_study(path, "study")
        in_pairs = self._pairs().values("prompt")
        return _among(path, self._asked().filter(prompt__isnull=False).values("prompt").union(in_pairs))

    def pairs(self, path: str = "") -> Q:
        if self.campaign is None:
            return self._of_study(path, "prompt__study")
        return _among(path, self._pairs().values("pk"))

    def responses(self, path: str = "") -> Q:
        """With a campaign both sides of its pairs."""
        if self.campaign is None:
            return self._of_study(path, "prompt__study")
        return _among(path, self._pairs().values("generic").union(self._pairs().values("personalized")))

    def votes(self) -> Q:
        """Findings too."""
        of_study = Q(run__study=self.study)
        if self.campaign is None:
            return of_study
        return of_study & _among("unit_key", self._asked().values("unit_key"))

    def labels(self) -> Q:
        """With a campaign those that rest on it, or on no campaign."""
        return self.votes() & (Q() if self.campaign is None else Q(campaign__in=(self.campaign.public_id, "")))

    def _of_study(self, path: str, to_study: str) -> Q:
        return Q(**{f"{path}__{to_study}" if path else to_study: self.study})

    def _asked(self) -> QuerySet[Question]:
        """By its items: SQLite, which takes all campaigns for equally large, else reads every question there is."""
        return Question.objects.filter(item__campaign=self.campaign).order_by()

    def _pairs(self) -> QuerySet[ResponsePair]:
        return ResponsePair.objects.filter(pk__in=self._asked().filter(pair__isnull=False).values("pair"))


def _among(path: str, rows: QuerySet[Any, Any]) -> Q:
    return Q(**{f"{path or 'pk'}__in": rows})
