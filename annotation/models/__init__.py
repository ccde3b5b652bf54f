from annotation.models.assignments import Assignment, Rater, Seat
from annotation.models.campaigns import Campaign, Guideline
from annotation.models.items import Item, ItemPerson, Question, Rendering
from annotation.models.judgments import Draft, Judgment, Remark, Revision
from annotation.models.participants import Participant
from annotation.models.releases import Release

__all__ = [
    "Assignment",
    "Campaign",
    "Draft",
    "Guideline",
    "Item",
    "ItemPerson",
    "Judgment",
    "Participant",
    "Question",
    "Rater",
    "Release",
    "Remark",
    "Rendering",
    "Revision",
    "Seat",
]
