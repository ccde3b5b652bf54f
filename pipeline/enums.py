"""Closed lists of the machines' side. Values are what the database and the release hold."""

from __future__ import annotations

from django.db import models

from analysis import schema


class CorpusKind(models.TextChoices):
    HUMAN = "human", "Human"
    SYNTHETIC = "synthetic", "Synthetic"


class Stage(models.TextChoices):
    IMPORT = "import", "Import"
    EXTRACT = "extract", "Extract"
    FILTER = "filter", "Filter"
    MERGE = "merge", "Merge"
    EVIDENCE = "evidence", "Evidence"
    SELECT = "select", "Select"
    RESPOND = "respond", "Respond"
    JUDGE = "judge", "Judge"
    MENTION = "mention", "Mention"
    WHY = "why", "Why"
    VERIFY = "verify", "Verify"
    REFINE = "refine", "Refine"
    LABEL = "label", "Label"
    SAMPLE = "sample", "Sample of units"
    PEOPLE = "people", "Selection of people"
    MATCH = "match", "Prompts put to people"
    MASK = "mask", "Personal data masked"


class RunState(models.TextChoices):
    PLANNED = "planned", "Planned"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    COMPLETE = "complete", "Complete"
    INCOMPLETE = "incomplete", "Incomplete"  # nothing left to do, but some units failed
    CANCELLED = "cancelled", "Cancelled"


class WorkState(models.TextChoices):
    PENDING = "pending", "Pending"
    CLAIMED = "claimed", "Claimed"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class FailureKind(models.TextChoices):
    """Why a unit has no result, in one word: what failures are counted by."""

    UNPARSEABLE = "unparseable", "The answer could not be read"
    CUT_OFF = "cut_off", "The answer was cut off or withheld"
    EMPTY = "empty", "The answer was empty"
    TOO_LONG = "too_long", "The request does not fit the model's context"
    REFUSED = "refused", "The server refused the request"
    NO_ANSWER = "no_answer", "The server gave no answer, however often it was asked"
    WORKER_DIED = "worker_died", "Its worker died again and again"
    NO_MATERIAL = "no_material", "What it works on cannot be used"
    OTHER = "other", "Something else"


class CompletionState(models.TextChoices):
    IN_FLIGHT = "in_flight", "In flight"
    ANSWERED = "answered", "Answered"
    FAILED = "failed", "Failed"  # the backend gave no answer; reason says why
    ABANDONED = "abandoned", "Abandoned"  # was in flight when its process died: possibly paid


class Condition(models.TextChoices):
    GENERIC = "generic", "Generic"
    PERSONALIZED = "personalized", "Personalized"


class InstrumentName(models.TextChoices):
    ATTRIBUTE_QUALITY = schema.ATTRIBUTE_QUALITY, "Attribute quality"
    RELEVANCE = schema.RELEVANCE, "Relevance"
    PREFERENCE = schema.PREFERENCE, "Preference"


class Side(models.TextChoices):
    NONE = "", "None"
    LEFT = "left", "Left"
    RIGHT = "right", "Right"


class VoteStatus(models.TextChoices):
    ANSWERED = "answered", "Answered"
    UNPARSEABLE = "unparseable", "Unparseable"


class FindingKind(models.TextChoices):
    MENTION = "mention", "Openly mentioned"  # of (attribute, pair): yes | no
    FAILURE = "failure", "Failure category"  # of a rejected attribute: schema.FAILURES


class MaskKind(models.TextChoices):
    EMAIL = "email", "E-mail address"
    PHONE = "phone", "Phone number"
    ADDRESS = "address", "Address"
    CARD = "card", "Card number"
    ACCOUNT = "account", "Account number"
    IDENTITY = "identity", "Identity number"
    IP = "ip", "Internet address"
    NAME = "name", "Name"


class LabelMethod(models.TextChoices):
    MAJORITY = "majority", "Majority"
    ADJUDICATED = "adjudicated", "Adjudicated"
    IMPORTED = "imported", "Imported"
