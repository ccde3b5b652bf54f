"""Closed lists of the people's side."""

from __future__ import annotations

from django.db import models


class Origin(models.TextChoices):
    """Where a campaign's answers come from. One campaign has one origin, and so has every rater in it."""

    HUMAN = "human", "Human"
    SIMULATED = "simulated", "Simulated"
    IMPORTED = "imported", "Imported"


class CampaignState(models.TextChoices):
    DRAFT = "draft", "Draft"
    COLLECTING = "collecting", "Collecting"
    PAUSED = "paused", "Paused"
    COMPLETE = "complete", "Complete"  # every question of every work item has K counted judgments
    CLOSED = "closed", "Closed"  # imported, or ended by the lead


class ItemRole(models.TextChoices):
    WORK = "work", "Work"
    GOLD = "gold", "Gold"
    TRAINING = "training", "Training"


class AssignmentState(models.TextChoices):
    HELD = "held", "Held"  # a rater works on it until the lease ends
    SUBMITTED = "submitted", "Submitted"
    EXPIRED = "expired", "Expired"  # the lease ended; a late answer is still taken
    RETURNED = "returned", "Returned"  # the rater gave it back
    WITHDRAWN = "withdrawn", "Withdrawn"  # the rater withdrew or was excluded; its answers stopped counting
    SURPLUS = "surplus", "Surplus"  # answered after its seat had gone to somebody else

    @classmethod
    def occupying(cls) -> tuple[AssignmentState, AssignmentState]:
        """The states that take up a seat."""
        return cls.HELD, cls.SUBMITTED

    @classmethod
    def answered(cls) -> tuple[AssignmentState, ...]:
        """The states whose judgments exist."""
        return cls.SUBMITTED, cls.SURPLUS, cls.WITHDRAWN


class RaterState(models.TextChoices):
    ACTIVE = "active", "Active"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXCLUDED = "excluded", "Excluded"


class RejectReason(models.TextChoices):
    """Why an attribute was rejected or uncertain; the study's failure categories in a rater's words."""

    NONE = "", "No reason given"
    OVERGENERALIZED = "overgeneralized", "Says more than the chats show"
    NO_EVIDENCE = "no_evidence", "Nothing in the chats supports it"
    TASK_MISTAKEN = "task_mistaken", "About the task, not the person"
    NOT_LASTING = "not_lasting", "No lasting trait"
    OTHER = "other", "Something else"


class RemarkKind(models.TextChoices):
    NOTE = "note", "Note"
    MISSING_ATTRIBUTE = "missing_attribute", "Missing attribute"
    FLAG = "flag", "Flag"
