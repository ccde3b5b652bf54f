"""Every table opens in what researchers already use, as it is; one without rows too."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from analysis.release import load_release
from analysis.schema import TABLES
from annotation.releases.files import jsonl_path, parquet_path
from annotation.releases.write import make_release
from studies.models import Study


@pytest.fixture(params=["rich", "empty"])
def folder(request: pytest.FixtureRequest, study: Study, tmp_path: Path) -> Path:
    if request.param == "rich":
        return Path(request.getfixturevalue("release_copy"))
    make_release(study=study, out=tmp_path / "empty")
    return tmp_path / "empty"


def test_polars_and_pandas_open_every_table(folder: Path) -> None:
    for name, table in TABLES.items():
        frame = pl.read_parquet(parquet_path(folder, name))
        assert frame.schema == table.polars_schema
        assert list(pd.read_parquet(parquet_path(folder, name)).columns) == list(table.names)
        lines = jsonl_path(folder, name)
        if lines.stat().st_size:
            assert pl.read_ndjson(lines, schema=table.polars_schema).equals(frame)
        assert load_release(folder).tables[name].collect().equals(frame)


def test_datasets_opens_every_table(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    for name, table in TABLES.items():
        files = {"train": str(parquet_path(folder, name))}
        rows = pl.scan_parquet(parquet_path(folder, name)).select(pl.len()).collect().item()
        # Whoever wrote it, datasets keeps no table without rows; as a stream it opens that too.
        opened = datasets.load_dataset("parquet", data_files=files, cache_dir=str(tmp_path), streaming=not rows)[
            "train"
        ]
        assert opened.column_names == list(table.names)
        assert sum(1 for _ in opened) == rows
