"""Closed lists of the people's side."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Origin(models.TextChoices):
    """Where a campaign's answers come from. One campaign has one origin, and so has every rater in it."""

    HUMAN = "human", "Human"
    SIMULATED = "simulated", _("Simulated")
    IMPORTED = "imported", _("Imported")


class CampaignState(models.TextChoices):
    DRAFT = "draft", "Draft"
    COLLECTING = "collecting", "Collecting"
    PAUSED = "paused", "Paused"
    COMPLETE = "complete", "Complete"  # every question of every work item has K counted judgments
    CLOSED = "closed", "Closed"  # imported, or ended by the lead


class ItemRole(models.TextChoices):
    WORK = "work", "Work"
    GOLD = "gold", "Gold"
    TRAINING = "training", "Training"  # answered before work, with feedback
    QUALIFICATION = "qualification", "Qualification"  # answered before work, without feedback; decides who works
    ATTENTION = "attention", "Attention"  # says itself what to choose; mixed in like gold

    @classmethod
    def mixed_in(cls) -> tuple[ItemRole, ItemRole]:
        """What comes among the work and is not to be told from it."""
        return cls.GOLD, cls.ATTENTION


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

    NONE = "", _("No reason given")
    OVERGENERALIZED = "overgeneralized", _("Says more than the chats show")
    NO_EVIDENCE = "no_evidence", _("Nothing in the chats supports it")
    TASK_MISTAKEN = "task_mistaken", _("About the task, not the person")
    NOT_LASTING = "not_lasting", _("No lasting trait")
    OTHER = "other", _("Something else")


class RemarkKind(models.TextChoices):
    NOTE = "note", _("Note")
    MISSING_ATTRIBUTE = "missing_attribute", _("Missing attribute")
    FLAG = "flag", _("Flag")


class RaterGate(models.TextChoices):
    """What stands between a rater and the work: the first of these that is not passed yet."""

    OPEN = "", "Works"
    PLACE = "place", "Place at the recruiter gone"  # returned there, or out of time
    CONSENT = "consent", "Study information and consent"
    QUIZ = "quiz", "Comprehension quiz"
    TRAINING = "training", "Training"
    QUALIFICATION = "qualification", "Qualification"
    ENDED = "ended", "Ended"  # an outcome stands; there is nothing more to do

    @classmethod
    def with_items(cls) -> tuple[RaterGate, ...]:
        """Where claims give items: of the gate's own role, or work."""
        return cls.OPEN, cls.TRAINING, cls.QUALIFICATION


class GateState(models.TextChoices):
    """How a rater stands at one gate."""

    PASSED = "passed", "Passed"  # also where the campaign has no such gate
    OPEN = "open", "Open"  # something is left to do at it
    FAILED = "failed", "Failed"  # nothing is left to do, and it is not passed


class RaterOutcome(models.TextChoices):
    """How a rater's part ended; each may have a completion code of the recruiter's."""

    NONE = "", "Not ended"
    COMPLETED = "completed", "Completed"
    SCREENED_OUT = "screened_out", "Screened out"
    NO_CONSENT = "no_consent", "No consent"
    FAILED_ATTENTION = "failed_attention", "Failed attention checks"
    INCOMPATIBLE_DEVICE = "incompatible_device", "Incompatible device"
    NO_WORK = "no_work", "Came when nothing was left"


class ReturnReason(models.TextChoices):
    """Why an item was skipped. None of them costs the rater anything."""

    NONE = "", _("No reason given")
    DISTRESS = "distress", _("The content is hard to take")
    BROKEN = "broken", _("The page or its content is broken")
    CANNOT_JUDGE = "cannot_judge", _("I cannot judge this")


class CouldTell(models.TextChoices):
    """Asked when a preference campaign is over: could you tell which response was personalized?"""

    NEVER = "never", _("Never")
    SOMETIMES = "sometimes", _("Sometimes")
    OFTEN = "often", _("Often")
    ALWAYS = "always", _("Always")


class RecruiterName(models.TextChoices):
    PROLIFIC = "prolific", "Prolific"


class LaunchCheck(models.TextChoices):
    """How a recruiter's launch is believed."""

    SIGNED = "signed", "Signed tokens only"
    ASKED = "asked", "Signed tokens, else the recruiter is asked"


class RecruiterAction(models.TextChoices):
    APPROVE = "approve", "Approve"
    REQUEST_RETURN = "request_return", "Ask to return"
    BONUS = "bonus", "Bonus"
    SCREEN_OUT = "screen_out", "Pay the screen-out"


class ActionState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENT = "sent", "Sent"  # the request is on its way; whether it arrived is not known yet
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class NothingBecause(models.TextChoices):
    """Why a claim gives a rater nothing."""

    NONE = "", "There is something"
    LEFT = "left", "The rater has left or was excluded"
    PLACE = "place", "The rater's place at the recruiter is gone"
    ENDED = "ended", "The rater's part is over"
    CLOSED = "closed", "The campaign is closed, or not open yet"
    PAUSED = "paused", "The campaign is paused"
    COMPLETE = "complete", "The campaign is complete"
    COHORT = "cohort", "The campaign is for others now"
    QUOTA = "quota", "The rater has done all that one may do here"
    DAY = "day", "The rater has done all that one may do in a day"
    OTHERS = "others", "What is left is in others' hands, and may come back"
    DONE = "done", "The rater has done everything that is open to them"


class ReleaseState(models.TextChoices):
    DRAFT = "draft", "Draft"
    FINAL = "final", "Final"  # its datasheet is filled; nothing of it changes any more
    WITHDRAWN = "withdrawn", "Withdrawn"  # its files are gone, its manifest stays


class ReleaseChange(models.TextChoices):
    """What a release changed against the one before, which its version's number says too."""

    FIRST = "first", "First"
    PATCH = "patch", "Patch"  # the same data, described differently
    MINOR = "minor", "Minor"  # rows or tables added, none changed
    MAJOR = "major", "Major"  # rows changed or gone


class JobState(models.TextChoices):
    ASKED = "asked", "Asked"
    RUNNING = "running", "Running"
    STOPPING = "stopping", "Stopping"  # asked to stop
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"
    FAILED = "failed", "Failed"

    @classmethod
    def open(cls) -> tuple[JobState, ...]:
        return cls.ASKED, cls.RUNNING, cls.STOPPING
