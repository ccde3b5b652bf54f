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
    SAMPLE = "sample", "Sample"


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


class LabelMethod(models.TextChoices):
    MAJORITY = "majority", "Majority"
    ADJUDICATED = "adjudicated", "Adjudicated"
    IMPORTED = "imported", "Imported"
