"""benchmarks.pipeline_local's ratios, as benchmarks.bench_pipeline prints them; run by .venv-models."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from benchmarks.pipeline_local import measure_embedding, measure_generation
from benchmarks.pipeline_rows import Ratio
from pipeline.backends import open_backend


def main() -> None:
    import django

    django.setup()
    open_backend("local", {})  # before torch is imported: it says how its threads are to wait
    from tests.models.tiny import make_tiny

    with tempfile.TemporaryDirectory() as folder:
        measured = [measure_generation(make_tiny(Path(folder), "qwen")), measure_embedding()]
    rows = [
        Ratio(each.what, each.times, ">", each.goal, f"{each.plain:.2f} s against {each.ours:.2f} s")
        for each in measured
    ]
    print("ROWS", json.dumps([row._asdict() for row in rows]))


if __name__ == "__main__":
    main()
