"""The stages, by name. A new one is one new file here, its template in pipeline/prompts, and one line below."""

from __future__ import annotations

from pipeline.enums import Stage as StageName
from pipeline.stages.base import AnyStage
from pipeline.stages.evidence import FindEvidence
from pipeline.stages.extract import Extract
from pipeline.stages.judge import Judge
from pipeline.stages.mask import BACKEND as MASK_BACKEND
from pipeline.stages.mask import MaskPersonalData
from pipeline.stages.mention import Mention
from pipeline.stages.merge import Merge
from pipeline.stages.pools import SelectByBm25, SelectByEmbedding, SelectFromPool
from pipeline.stages.refine import Refine
from pipeline.stages.respond import Respond
from pipeline.stages.select import Select
from pipeline.stages.verify import Verify
from pipeline.stages.why import Why

STAGES: dict[str, AnyStage] = {
    StageName.EXTRACT: Extract(),
    StageName.MERGE: Merge(),
    StageName.EVIDENCE: FindEvidence(),
    StageName.VERIFY: Verify(),
    StageName.REFINE: Refine(),
    StageName.SELECT: Select(),
    StageName.RESPOND: Respond(),
    StageName.JUDGE: Judge(),
    StageName.MENTION: Mention(),
    StageName.WHY: Why(),
    StageName.MASK: MaskPersonalData(),
}

# Stages that a baseline does in a model's place: (stage, backend).
BASELINES: dict[tuple[str, str], AnyStage] = {
    (StageName.SELECT, "bm25"): SelectByBm25(),
    (StageName.SELECT, "embedding"): SelectByEmbedding(),
    (StageName.SELECT, "all"): SelectFromPool("yes"),
    (StageName.SELECT, "none"): SelectFromPool("no"),
    (StageName.MASK, MASK_BACKEND): STAGES[StageName.MASK],
}
# Of these, those whose run names the model that makes the vectors; which embedder has it say the backend's options.
BY_VECTORS = frozenset({(StageName.SELECT, "embedding")})
# Stages that no model ever does, and what does them.
OWN_BACKENDS: dict[str, str] = {StageName.MASK: MASK_BACKEND}


def stage_for(name: str, backend: str) -> AnyStage:
    """The stage as this backend does it. Raises ValueError for an unknown stage."""
    if name not in STAGES:
        raise ValueError(f"no stage is called {name!r}: use one of {', '.join(STAGES)}")
    return BASELINES.get((name, backend), STAGES[name])
