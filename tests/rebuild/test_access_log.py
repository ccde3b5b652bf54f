from __future__ import annotations

from pathlib import Path

from rebuild.access_log import AccessLog, hash_of, read_access_logs


def test_access_log_keeps_every_line_over_several_starts(tmp_path: Path) -> None:
    for rater in (1, 2):
        log = AccessLog(tmp_path / "access" / "driver-1.jsonl")
        log.append(rater=rater, token="abc", values=["yes", "no"])
        log.close()
    found = list(read_access_logs(tmp_path / "access"))
    assert [(line.rater, line.assignment, line.values) for line in found] == [
        (rater, hash_of("abc"), ("yes", "no")) for rater in (1, 2)
    ]
    assert "abc" not in (tmp_path / "access" / "driver-1.jsonl").read_text()


def test_access_log_torn_by_a_kill_loses_only_the_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "driver-1.jsonl"
    log = AccessLog(path)
    log.append(rater=1, token="a", values=["1"])
    log.close()
    with path.open("a") as file:
        file.write('{"at": "2026-')
    log = AccessLog(path)
    log.append(rater=2, token="b", values=["5"])
    log.close()
    assert [line.rater for line in read_access_logs(tmp_path)] == [1, 2]
