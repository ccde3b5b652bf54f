"""The least that a rating server has to do, as statements: what pgbench and the bare handler run.

One transaction: six judgments and six revisions, the assignment submitted, the next item found and taken. No login, no
rule beyond the database's own, no page.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.services import postgres_folder

# :rater, :campaign and :place are given; :held and :item are what the one before has taken (0 at first).
ANSWERS = """
INSERT INTO annotation_judgment (question_id, rater_id, assignment_id, instrument, value, reason, n_revisions, made_at)
SELECT id, :rater, :held, 'relevance', 'yes', '', 1, now() FROM annotation_question WHERE item_id = :item"""
REVISIONS = """
INSERT INTO annotation_revision (judgment_id, number, value, reason, made_at)
SELECT id, 1, value, '', made_at FROM annotation_judgment WHERE assignment_id = :held"""
SUBMITTED = """
UPDATE annotation_assignment SET state = 'submitted', submitted_at = now(), lease_until = NULL WHERE id = :held"""
NEXT = """
SELECT id AS item FROM annotation_item i
WHERE campaign_id = :campaign AND open_seats > 0 AND open_seats = 3 AND priority = 0 AND sort_key >= :place
AND (SELECT a.id FROM annotation_assignment a WHERE a.item_id = i.id AND a.rater_id = :rater) IS NULL
ORDER BY sort_key LIMIT 1 FOR UPDATE SKIP LOCKED"""
TAKEN = "UPDATE annotation_item SET open_seats = open_seats - 1 WHERE id = :item"
SEATED = """
INSERT INTO annotation_assignment (campaign_id, item_id, seat_id, rater_id, token, public_id, state, side, "order",
    claimed_at, lease_until, submission_key, returned_because)
SELECT :campaign, :item, s.id, :rater, md5(random()::text), md5(random()::text), 'held', '', '[0, 1, 2, 3, 4, 5]',
    now(), now() + interval '30 minutes', '', ''
FROM annotation_seat s WHERE s.item_id = :item AND
(SELECT a.id FROM annotation_assignment a WHERE a.seat_id = s.id AND a.state IN ('held', 'submitted')) IS NULL
ORDER BY s.number LIMIT 1 RETURNING id AS held"""
LAST_PLACE = 900_000  # a start far enough from the ring's end to find something behind it


def for_psycopg(statement: str) -> str:
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", statement)


def a_place() -> int:
    return random.randrange(LAST_PLACE)


def pgbench(url: str, campaign: int, first_rater: int, clients: int, seconds: float, folder: Path) -> float:
    """Transactions a second of ``clients`` connections, each a rater of its own. Whole seconds only."""
    script = folder / "floor.sql"
    steps = [ANSWERS, REVISIONS, SUBMITTED, NEXT + r" \gset", TAKEN, SEATED + r" \gset"]
    body = ";\n".join(step.strip().replace("\n", " ") for step in steps)
    script.write_text(
        f"\\set place random(0, {LAST_PLACE})\n\\set rater {first_rater} + :client_id\nBEGIN;\n"
        + body.replace(r"\gset;", r"\gset")
        + "\nCOMMIT;\n"
    )
    parts = urlsplit(url)
    command: list[object] = [
        (postgres_folder() or Path()) / "pgbench",
        "--no-vacuum",
        "-M",
        "prepared",
        "-f",
        script,
        "-c",
        clients,
        "-j",
        min(clients, 4),
    ]
    command += ["-T", max(1, round(seconds)), "-D", "held=0", "-D", "item=0", "-D", f"campaign={campaign}"]
    command += ["-h", parts.hostname, "-p", parts.port, "-U", parts.username, parts.path.lstrip("/")]
    done = subprocess.run(
        [str(word) for word in command],
        env={"PGPASSWORD": unquote(parts.password or ""), "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode or not found:
        raise RuntimeError(f"pgbench failed:\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}")
    return float(found[1])
