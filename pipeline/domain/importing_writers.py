"""Which function writes which kind of record, in an order in which nothing refers to what comes later."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pipeline.domain.importing import Importer, batches
from pipeline.domain.importing_attributes import write_evidence, write_profiles
from pipeline.domain.importing_conversations import write_conversations
from pipeline.domain.importing_people import write_corpora, write_prompts
from pipeline.domain.importing_responses import write_pairs, write_responses
from pipeline.domain.importing_votes import write_labels, write_votes
from pipeline.sources import records
from pipeline.sources.base import Item, Located

Writer = Callable[[Importer, Sequence[Located[Any]]], None]

MATERIAL_WRITERS: dict[type, Writer] = {
    records.CorpusRecord: write_corpora,
    records.ConversationRecord: write_conversations,
    records.ProfileRecord: write_profiles,
    records.EvidenceRecord: write_evidence,
    records.PromptRecord: write_prompts,
    records.LabelsRecord: write_labels,
    records.PairRecord: write_pairs,
    records.ResponseRecord: write_responses,
    records.VotesRecord: write_votes,
}


def write_records(importer: Importer, items: Iterable[Item], writers: Mapping[type, Writer]) -> None:
    """Writes all records, batch by batch; problems and omissions go to the report. Nothing is on its way afterwards."""
    with _standing_heap(), importer.inserts:
        for batch in batches(items, tuple(writers), importer.report):
            kind = type(batch[0].record)
            if kind is not records.ConversationRecord:  # their writer settles by itself, when it needs the database
                importer.inserts.settle()
            writers[kind](importer, batch)


@contextmanager
def _standing_heap() -> Iterator[None]:
    """What is in memory by now is not looked through for garbage again and again while records, which hold no cycles,
    come and go: a fifth of an import's processor time.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
