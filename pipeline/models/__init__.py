from pipeline.models.attributes import Attribute, AttributeOrigin, Evidence
from pipeline.models.corpora import Conversation, Corpus, Person, PersonPrompt, Prompt
from pipeline.models.responses import GivenAttribute, Response, ResponsePair
from pipeline.models.runs import Completion, Run, RunInput, WorkUnit
from pipeline.models.samples import SampledUnit
from pipeline.models.votes import Label, Vote

__all__ = [
    "Attribute",
    "AttributeOrigin",
    "Completion",
    "Conversation",
    "Corpus",
    "Evidence",
    "GivenAttribute",
    "Label",
    "Person",
    "PersonPrompt",
    "Prompt",
    "Response",
    "ResponsePair",
    "Run",
    "RunInput",
    "SampledUnit",
    "Vote",
    "WorkUnit",
]
