from annotation.models.assignments import Assignment, Rater, Seat
from annotation.models.campaigns import Campaign, Guideline
from annotation.models.consents import Consent, ConsentForm
from annotation.models.items import Item, ItemPerson, Question, Rendering
from annotation.models.judgments import Draft, DraftRemarks, Judgment, Remark, RemarksRead, Revision
from annotation.models.participants import Participant
from annotation.models.recruiting import CompletionCode, HookEvent, LaunchAsked, Payment, Recruitment, UsedLaunch, Visit
from annotation.models.releases import DatasetDescription, Demographic, Release, ReleaseJob, Report, Rollup
from annotation.models.screening import Closing, CohortMember, Expected, QuizAttempt, QuizQuestion
from annotation.models.signals import SignalRollup

__all__ = [
    "Assignment",
    "Campaign",
    "Closing",
    "CohortMember",
    "CompletionCode",
    "Consent",
    "ConsentForm",
    "DatasetDescription",
    "Demographic",
    "Draft",
    "DraftRemarks",
    "Expected",
    "Guideline",
    "HookEvent",
    "Item",
    "ItemPerson",
    "Judgment",
    "LaunchAsked",
    "Participant",
    "Payment",
    "Question",
    "QuizAttempt",
    "QuizQuestion",
    "Rater",
    "Recruitment",
    "Release",
    "ReleaseJob",
    "Remark",
    "RemarksRead",
    "Rendering",
    "Report",
    "Revision",
    "Rollup",
    "Seat",
    "SignalRollup",
    "UsedLaunch",
    "Visit",
]
