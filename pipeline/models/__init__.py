from pipeline.models.attributes import Attribute, AttributeOrigin, Evidence
from pipeline.models.corpora import REASON, STATEMENT, Conversation, Corpus, Mask, Person, PersonPrompt, Prompt
from pipeline.models.findings import Finding
from pipeline.models.plans import StudyPlan
from pipeline.models.responses import GivenAttribute, Response, ResponsePair
from pipeline.models.runs import Completion, Run, RunInput, WorkUnit
from pipeline.models.samples import SampledPerson, SampledUnit
from pipeline.models.votes import Label, Vote

__all__ = [
    "REASON",
    "STATEMENT",
    "Attribute",
    "AttributeOrigin",
    "Completion",
    "Conversation",
    "Corpus",
    "Evidence",
    "Finding",
    "GivenAttribute",
    "Label",
    "Mask",
    "Person",
    "PersonPrompt",
    "Prompt",
    "Response",
    "ResponsePair",
    "Run",
    "RunInput",
    "SampledPerson",
    "SampledUnit",
    "StudyPlan",
    "Vote",
    "WorkUnit",
]
