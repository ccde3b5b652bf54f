from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from pipeline.backends.baselines import cosine_scores
from pipeline.domain.errors import RunError
from pipeline.domain.executing import execute_run
from pipeline.domain.planning import plan_run
from pipeline.domain.runs import start_run
from pipeline.models import Run
from pipeline.stages.pools import embedder_of
from studies.models import Study
from tests import factories
from tests.pipeline.backing import SmallStudy, small_study


@pytest.fixture
def small(study: Study) -> SmallStudy:
    return small_study(study)


def at(degrees: float, length: float = 1.0) -> list[float]:
    return [length * math.cos(math.radians(degrees)), length * math.sin(math.radians(degrees))]


def embedded(small: SmallStudy, folder: Path, *degrees: float, **parameters: object) -> Run:
    """A baseline run where the prompt lies at 0 degrees and the attributes at these."""
    texts = [small.prompt.text, *(attribute.text or "" for attribute in small.attributes)]
    vectors = dict(zip(texts, (at(angle, 2.0) for angle in (0, *degrees)), strict=False))
    file = folder / "vectors.json"
    file.write_text(json.dumps({"model": "tiny", "vectors": vectors}), encoding="utf-8")
    run = plan_run(
        study=small.study,
        stage="select",
        backend="embedding",
        model="tiny",
        inputs=[small.merge],
        parameters=parameters,
        backend_options={"recorded": str(file)},
    )
    execute_run(run=start_run(run=run))
    return run


def votes(run: Run) -> list[tuple[str | None, float | None]]:
    return list(run.votes.order_by("attribute").values_list("value", "raw_score"))


def test_embedding_says_yes_above_a_cosine_similarity(small: SmallStudy, tmp_path: Path) -> None:
    """cos 60 = 0.5, cos 80 = 0.174, cos 100 = -0.174."""
    run = embedded(small, tmp_path, 60, 80, 100, threshold=0.2)
    assert [value for value, _ in votes(run)] == ["yes", "no", "no"]
    assert [score for _, score in votes(run)] == pytest.approx([0.5, 0.1736, -0.1736], abs=1e-4)
    assert (run.backend, run.model_name, run.state) == ("embedding", "tiny", "complete")
    assert not run.completions.exists()


def test_embedding_takes_the_best_of_each_person(small: SmallStudy, tmp_path: Path) -> None:
    run = embedded(small, tmp_path, 60, 50, 70, top_k=1)
    assert [value for value, _ in votes(run)] == ["no", "yes", "yes"]


def test_embedding_of_a_text_without_a_vector_is_a_failure(small: SmallStudy, tmp_path: Path) -> None:
    run = embedded(small, tmp_path, 60, 50)
    unit = run.work_units.get()
    assert (unit.state, unit.failure) == ("failed", "refused")
    assert "Sails alone." in unit.reason


def test_embedding_without_direction_is_a_failure(small: SmallStudy, tmp_path: Path) -> None:
    run = embedded(small, tmp_path, 60, 50, math.nan)
    assert run.work_units.get().failure == "no_material"


def test_embedding_by_a_server_names_its_model(small: SmallStudy) -> None:
    with pytest.raises(RunError, match="--model"):
        plan_run(
            study=small.study,
            stage="select",
            backend="embedding",
            inputs=[small.merge],
            backend_options={"base_url": "http://here/v1"},
        )


@pytest.mark.parametrize(("backend", "value"), [("all", "yes"), ("none", "no")])
def test_floors_say_the_same_of_everything(small: SmallStudy, backend: str, value: str) -> None:
    sample = factories.make_sample(small.study, "relevance", [(small.attributes[0], small.prompt, None)])
    for inputs, n in (([small.merge], 3), ([small.merge, sample], 1)):
        run = plan_run(study=small.study, stage="select", backend=backend, inputs=inputs)
        execute_run(run=start_run(run=run))
        assert votes(run) == [(value, None)] * n
        assert run.model_name == backend


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "local"),
        ({"recorded": "file"}, "recorded"),
        ({"base_url": "http://here/v1"}, "openai_api"),
        ({"embedder": "openai_api", "recorded": "file"}, "openai_api"),
    ],
)
def test_embedder_of_options(options: dict[str, str], name: str) -> None:
    assert embedder_of(options) == name


def test_cosine_scores_ignore_length() -> None:
    assert cosine_scores(at(0, 3), [at(60), at(180, 9)]) == pytest.approx([0.5, -1.0])
    with pytest.raises(ValueError, match="undefined"):
        cosine_scores([0.0, 0.0], [at(1)])
