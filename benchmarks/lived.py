"""A month of people in the material of a benchmark (material.py): answers that differ, times, raters who were excluded,
items in hand and handed back, surplus, gold that was marked, flags. Counts are left as domain writes would leave them.

Rows are made by the database itself.
"""

from __future__ import annotations

from benchmarks.material import GOLD, QUESTIONS, RATERS, K

DAYS = 30  # that the past is spread over
GONE = 8  # raters, the first of all
HELD, SKIPPED, SURPLUS = 96, 2000, 500  # items
REMARKS = 500
STAYS = f"{GONE} + g.i % {RATERS - GONE} + 1"
# Seconds ago, of assignment ``id`` of ``n``.
AGO = {
    "postgresql": "(CURRENT_TIMESTAMP - make_interval(secs => {0}))",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now', (-({0})) || ' seconds')",
}

PAST = [
    "UPDATE annotation_judgment SET value = CASE WHEN (id * 7919) % 100 < 25 THEN 'yes' ELSE 'no' END",
    f"UPDATE annotation_assignment SET submitted_at = {{age}}, seconds = 8 + (id * 7919) % 80 + rater_id % 7 * 3, "
    f"hidden_seconds = (id * 31) % 12, pastes = 0, state = CASE WHEN rater_id <= {GONE} THEN 'withdrawn' ELSE "
    "'submitted' END",
    f"UPDATE annotation_rater SET state = 'excluded' WHERE id <= {GONE}",
    "UPDATE annotation_item SET open_seats = open_seats + (SELECT count(*) FROM annotation_assignment a "
    "WHERE a.item_id = annotation_item.id AND a.state = 'withdrawn') "
    "WHERE id IN (SELECT a.item_id FROM annotation_assignment a WHERE a.state = 'withdrawn')",
]

# Beside the past, each: key from, item, number of a seat or none, rater, state, seconds of a lease, why returned.
SEATED = (
    "INSERT INTO annotation_assignment (id, campaign_id, item_id, seat_id, rater_id, token, public_id, state, side, "
    '"order", claimed_at, lease_until, submitted_at, seconds, submission_key, returned_because) '
    "SELECT {a} + {key}, {campaign}, {item}, {seat}, {rater}, 'x' || ({a} + {key}), 'y' || ({a} + {key}), '{state}', "
    "'', {order}, {now}, {lease}, {submitted}, {seconds}, '', {because} FROM {series}"
)
ANSWERED = (
    "INSERT INTO annotation_judgment (id, question_id, rater_id, assignment_id, instrument, value, reason, "
    "n_revisions, made_at) SELECT {j} + row_number() OVER (ORDER BY a.id, q.id), q.id, a.rater_id, a.id, 'relevance', "
    "CASE WHEN (a.id + q.id) % 5 < 4 THEN 'yes' ELSE 'no' END, '', 1, CURRENT_TIMESTAMP "
    "FROM annotation_assignment a JOIN annotation_question q ON q.item_id = a.item_id "
    "WHERE a.id > {a} AND a.state IN ('submitted', 'surplus')"
)
AFTER = [
    ANSWERED,
    "INSERT INTO annotation_revision (judgment_id, number, value, reason, made_at) "
    "SELECT id, 1, value, '', made_at FROM annotation_judgment WHERE id > {j}",
    f"UPDATE annotation_item SET open_seats = open_seats - 1 WHERE id > {{past}} AND id <= {{past}} + {HELD}",
    'INSERT INTO annotation_expected (question_id, "values", feedback) '
    "SELECT id, '[\"yes\"]', '' FROM annotation_question WHERE role = 'gold'",
    "INSERT INTO annotation_remark (assignment_id, kind, position, text, made_at, masks, looked_with) "
    "SELECT g.i + 1, CASE g.i % 3 WHEN 0 THEN 'flag' ELSE 'note' END, 0, 'Reads oddly', CURRENT_TIMESTAMP, '[]', '' "
    "FROM {series}",
]


def live_in() -> None:
    """Needs material that was just filled in, and nothing else in the database."""
    from django.db import connection

    with connection.cursor() as cursor:

        def one(question: str) -> int:
            cursor.execute(question)
            return int(cursor.fetchone()[0])

        of = {
            "campaign": one("SELECT id FROM annotation_campaign"),
            "a": one("SELECT max(id) FROM annotation_assignment"),
            "j": one("SELECT max(id) FROM annotation_judgment"),
            "past": one("SELECT max(item_id) FROM annotation_assignment"),
            "items": one("SELECT max(id) FROM annotation_item WHERE role = 'work'"),
        }
        for statement in [*_past(connection.vendor, of), *_more(connection.vendor, of), *_end(connection.vendor)]:
            cursor.execute(statement)


def _past(vendor: str, of: dict[str, int]) -> list[str]:
    age = AGO[vendor].format(f"({of['a']} - id) * {DAYS * 86400.0} / {of['a']}")
    return [statement.format(age=age) for statement in PAST]


def _more(vendor: str, of: dict[str, int]) -> list[str]:
    now, hour = AGO[vendor].format(0), AGO[vendor].format(-3600)
    order = str(list(range(QUESTIONS)))
    rest = of | {"now": now, "order": f"'{order}'", "lease": "NULL", "submitted": now, "seconds": 40, "because": "''"}
    untouched = {"submitted": "NULL", "seconds": "NULL"}
    first, second = of["past"] + 1, of["past"] + HELD + 1
    kinds = [
        (HELD, first, f"({first} + g.i - 1) * {K} + 1", STAYS, "held", untouched | {"lease": hour}),
        (SKIPPED, second, f"({second} + g.i - 1) * {K} + 1", STAYS, "returned", untouched | {"because": REASON}),
        (SURPLUS, 1, f"g.i * {K} + 1", f"(g.i * 7 + 50) % {RATERS} + 1", "surplus", {}),
    ]  # fmt: skip
    made, key = [], 1
    for n, item, seat, rater, state, more in kinds:
        places = {"key": f"g.i + {key}", "item": f"{item} + g.i", "seat": seat, "rater": rater, "state": state}
        made.append(SEATED.format(**rest | places | more, series=series_of(vendor, n)))
        key += n
    checks = {"key": f"g.i + {key}", "item": f"{of['items']} + 1 + g.i % {GOLD}", "seat": "NULL"}
    checks |= {"rater": f"g.i / {GOLD} + 1", "state": "submitted"}
    made.append(SEATED.format(**rest | checks, series=series_of(vendor, RATERS * GOLD)))
    return made + [statement.format(**of, series=series_of(vendor, REMARKS)) for statement in AFTER]


REASON = "CASE g.i % 3 WHEN 0 THEN 'distress' WHEN 1 THEN 'broken' ELSE 'cannot_judge' END"


def series_of(vendor: str, n: int) -> str:
    if vendor == "sqlite":
        return f"(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {n}) SELECT i FROM n) g"
    return f"generate_series(0, {n} - 1) AS g(i)"


def _end(vendor: str) -> list[str]:
    """As a database stands that is looked after: no room left behind by the updates above, pages known as visible."""
    if vendor == "sqlite":
        return ["ANALYZE"]
    tables = ("judgment", "assignment", "revision", "item", "remark", "expected")
    keys = [
        f"SELECT setval(pg_get_serial_sequence('annotation_{table}', 'id'), (SELECT max(id) FROM annotation_{table}))"
        for table in tables
    ]
    return [*keys, "VACUUM (FULL)", "VACUUM (ANALYZE)"]
