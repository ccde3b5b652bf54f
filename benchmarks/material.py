"""A campaign with a past, made in bulk: judgments, revisions and submitted assignments, and items still open. Its rules
are in force: quotas in all and for the day, and a gold item in every ten.

Run as `python -m benchmarks.material JUDGMENTS [GOLD]`, it fills the (empty) database of the environment. Rows are made
by the database itself and obey every rule of annotation/domain; only the checking of them one by one is left out.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

QUESTIONS = 6  # an item
K = 3
RATERS = 320
LIVE = 32  # the raters that log in
OPEN_ITEMS = 40_000  # nobody must run out of work while it is measured
GOLD = 60  # what a lead would make, and more than a rater meets while it is measured
CHECK_EVERY = 10
MOST = 100_000  # items a rater, and a day: rules in force that nobody reaches
PEOPLE = 1000
PASSWORD = "not for people"
CAMPAIGN = "benchmark000000000000000000"  # its public id


def rater_name(number: int) -> str:
    return f"bench-{number}"


# {series} stands for a table g(i) of the numbers from 0 to below the one parameter.
WORDS = "'Reads the whole recipe before the first pan is on the stove, and writes in its margins: statement ' || g.i"
ROWS: list[tuple[str, str]] = [
    (
        "people",
        "INSERT INTO pipeline_person (id, corpus_id, public_id, source_id) "
        "SELECT g.i + 1, {corpus}, 'p' || g.i, 'p' || g.i FROM {series}",
    ),
    (
        "prompts",
        "INSERT INTO pipeline_prompt (id, study_id, public_id, source, source_id, text) "
        "SELECT g.i + 1, {study}, 'q' || g.i, 'bench', 'q' || g.i, 'What shall I cook on a weekday evening when the "
        "shops are shut, half of us eat no meat, and I would like to learn something new on the way? Request ' || g.i "
        "FROM {series}",
    ),
    (
        "attributes",
        "INSERT INTO pipeline_attribute (id, run_id, person_id, public_id, position, text, reason) "
        f"SELECT g.i + 1, {{run}}, g.i / {QUESTIONS} + 1, 'a' || g.i, g.i, {WORDS}, '' FROM {{series}}",
    ),
    (
        "items",
        "INSERT INTO annotation_item (id, campaign_id, public_id, role, position, priority, sort_key, open_seats, "
        "words, lease_seconds, attempt, prompt_id) "
        "SELECT g.i + 1, {campaign}, 'i' || g.i, 'work', g.i, 0, (g.i * 7919) % 1000000, "
        f"CASE WHEN g.i < {{past}} THEN 0 ELSE {K} END, {20 * QUESTIONS}, 0, 1, g.i / {PEOPLE} + 1 FROM {{series}}",
    ),
    (
        "questions",
        "INSERT INTO annotation_question (id, item_id, campaign_id, role, position, text, instrument, unit_key, "
        f"attribute_id, prompt_id) SELECT g.i + 1, g.i / {QUESTIONS} + 1, {{campaign}}, 'work', g.i % {QUESTIONS}, "
        f"{WORDS}, 'relevance', 'r:' || g.i, g.i % {PEOPLE * QUESTIONS} + 1, g.i / {PEOPLE * QUESTIONS} + 1 "
        "FROM {series}",
    ),
    (
        "checks",
        "INSERT INTO annotation_item (id, campaign_id, public_id, role, position, priority, sort_key, open_seats, "
        "words, lease_seconds, attempt, prompt_id) "
        "SELECT {items} + g.i + 1, {campaign}, 'g' || g.i, 'gold', {items} + g.i, 0, "
        "CAST({items} + g.i AS bigint) * 618033 % 1000000, 0, "
        f"{20 * QUESTIONS}, 0, 1, 1 FROM {{series}}",
    ),
    (
        "checks_questions",
        "INSERT INTO annotation_question (id, item_id, campaign_id, role, position, text, instrument, unit_key, "
        f"attribute_id, prompt_id) SELECT {{items}} * {QUESTIONS} + g.i + 1, {{items}} + g.i / {QUESTIONS} + 1, "
        f"{{campaign}}, 'gold', g.i % {QUESTIONS}, {WORDS}, 'relevance', 'g:' || g.i, "
        f"g.i % {PEOPLE * QUESTIONS} + 1, 1 FROM {{series}}",
    ),
    (
        "seats",
        "INSERT INTO annotation_seat (id, item_id, number, side) "
        f"SELECT g.i + 1, g.i / {K} + 1, g.i % {K}, '' FROM {{series}}",
    ),
    (
        "participants",
        "INSERT INTO annotation_participant (id, study_id, kind, pseudonym, user_id, source_id, recruiter, "
        "recruiter_id_hash, created_at) SELECT g.i + 1, {study}, 'human', 'b' || g.i, "
        f"CASE WHEN g.i < {LIVE} THEN {{first_user}} + g.i END, '', '', '', CURRENT_TIMESTAMP FROM {{series}}",
    ),
    (
        "raters",
        'INSERT INTO annotation_rater (id, campaign_id, participant_id, kind, "group", state, gate, outcome, n_before, '
        "n_left, n_right, n_given, n_checks, n_submitted, n_day, joined_at) "
        "SELECT g.i + 1, {campaign}, g.i + 1, 'human', '', 'active', '', '', 0, 0, 0, 0, 0, 0, 0, CURRENT_TIMESTAMP "
        "FROM {series}",
    ),
    (
        "assignments",
        "INSERT INTO annotation_assignment (id, campaign_id, item_id, seat_id, rater_id, token, public_id, state, "
        'side, "order", claimed_at, submitted_at, submission_key, returned_because) '
        f"SELECT g.i + 1, {{campaign}}, g.i / {K} + 1, g.i + 1, (g.i / {K} * 7 + g.i % {K} * 107) % {RATERS} + 1, "
        "'t' || g.i, 'u' || g.i, 'submitted', '', '[0, 1, 2, 3, 4, 5]', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, "
        "'k' || g.i, '' FROM {series}",
    ),
    (
        "judgments",
        "INSERT INTO annotation_judgment (id, question_id, rater_id, assignment_id, instrument, value, reason, "
        f"n_revisions, made_at) SELECT g.i + 1, g.i / {QUESTIONS * K} * {QUESTIONS} + g.i % {QUESTIONS} + 1, "
        f"(g.i / {QUESTIONS * K} * 7 + g.i / {QUESTIONS} % {K} * 107) % {RATERS} + 1, g.i / {QUESTIONS} + 1, "
        "'relevance', 'yes', '', 1, CURRENT_TIMESTAMP FROM {series}",
    ),
    (
        "revisions",
        "INSERT INTO annotation_revision (id, judgment_id, number, value, reason, made_at) "
        "SELECT g.i + 1, g.i + 1, 1, 'yes', '', CURRENT_TIMESTAMP FROM {series}",
    ),
]

COUNTERS = (
    "UPDATE annotation_rater SET day = CURRENT_DATE, (n_given, n_submitted, n_day, next_check) = "
    f"(SELECT count(*), count(*), count(*), count(*) + 2 + annotation_rater.id % {CHECK_EVERY} "
    "FROM annotation_assignment a WHERE a.rater_id = annotation_rater.id)"
)


def counts(judgments: int, gold: int = GOLD) -> dict[str, int]:
    """How many rows of each kind stand for about so many judgments: whole items, K raters each."""
    past = max(1, judgments // (QUESTIONS * K))
    items = past + OPEN_ITEMS
    return {
        "past": past,
        "people": PEOPLE,
        "prompts": items // PEOPLE + 1,
        "attributes": PEOPLE * QUESTIONS,
        "items": items,
        "questions": items * QUESTIONS,
        "checks": gold,
        "checks_questions": gold * QUESTIONS,
        "seats": items * K,
        "participants": RATERS,
        "raters": RATERS,
        "assignments": past * K,
        "judgments": past * K * QUESTIONS,
        "revisions": past * K * QUESTIONS,
    }


def fill(judgments: int, gold: int = GOLD) -> None:
    from django.db import connection

    rows = counts(judgments, gold)
    names = owners() | {"past": rows["past"], "items": rows["items"]}
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous = OFF")
            cursor.execute("PRAGMA foreign_keys = OFF")
        series = "(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {n}) SELECT i FROM n) g"
        after = ["ANALYZE"]
    else:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica")  # no check of each foreign key: they are right
        series = "generate_series(0, {n} - 1) AS g(i)"
        after = [*(_next_key(statement) for _, statement in ROWS), "VACUUM (ANALYZE)", "CHECKPOINT"]
    with connection.cursor() as cursor:
        for name, statement in ROWS:
            cursor.execute(statement.format(series=series.format(n=rows[name]), **names))
        cursor.execute(COUNTERS)
        for statement in after:
            cursor.execute(statement)
    connection.close()  # and with it the settings above


def _next_key(insert: str) -> str:
    table = insert.split()[2]
    return f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"


def owners() -> dict[str, int]:
    """What the rows belong to: a study, its raters' logins, a corpus, a run and a collecting campaign."""
    from django.contrib.auth.hashers import make_password

    from annotation.domain.building import ensure_guideline
    from annotation.models import Campaign
    from pipeline.models import Corpus, Run
    from studies.models import Membership, Study, User

    study = Study.objects.create(slug="benchmark", title="Benchmark")
    password = make_password(PASSWORD)
    users = User.objects.bulk_create(User(username=rater_name(number), password=password) for number in range(LIVE))
    Membership.objects.bulk_create(Membership(study=study, user=user, role="rater") for user in users)
    corpus = Corpus.objects.create(study=study, slug="benchmark", title="Benchmark", kind="human", source_format="none")
    run = Run.objects.create(study=study, stage="import", backend="imported", state="complete")
    campaign = Campaign.objects.create(
        study=study,
        guideline=ensure_guideline(study=study, instrument="relevance"),
        public_id=CAMPAIGN,
        slug="benchmark",
        title="Does it matter?",
        instrument="relevance",
        origin="human",
        state="collecting",
        k=K,
        questions_per_item=QUESTIONS,
        max_items=MOST,
        max_items_day=MOST,
        check_every=CHECK_EVERY,
    )
    return {
        "study": study.pk,
        "corpus": corpus.pk,
        "run": run.pk,
        "campaign": campaign.pk,
        "first_user": users[0].pk,
    }


def main(words: Sequence[str]) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    fill(*map(int, words))


if __name__ == "__main__":
    main(sys.argv[1:])
