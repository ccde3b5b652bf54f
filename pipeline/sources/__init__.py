"""Input formats by name. A new one is one file here and one line in SOURCES."""

from __future__ import annotations

from pipeline.sources.base import Source
from pipeline.sources.cupid import CUPID
from pipeline.sources.lmsys import LMSYS
from pipeline.sources.oasst import OASST
from pipeline.sources.openai_messages import OPENAI_MESSAGES
from pipeline.sources.personalens import PERSONALENS
from pipeline.sources.prefeval import PREFEVAL
from pipeline.sources.prism import PRISM
from pipeline.sources.prompts import PROMPTS
from pipeline.sources.sharegpt import SHAREGPT
from pipeline.sources.study import StudySource
from pipeline.sources.wildchat import WILDCHAT

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        StudySource(),
        WILDCHAT,
        LMSYS,
        PRISM,
        SHAREGPT,
        OPENAI_MESSAGES,
        OASST,
        PREFEVAL,
        CUPID,
        PERSONALENS,
        PROMPTS,
    )
}
