from __future__ import annotations

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.domain.executing import execute_run
from pipeline.domain.planning import plan_run
from pipeline.domain.runs import start_run
from pipeline.enums import CompletionState, Stage, WorkState
from pipeline.enums import FailureKind as F
from pipeline.enums import RunState as S
from pipeline.models import Run, RunInput
from studies.clock import from_now
from tests import factories
from tests.pipeline.backing import Scripted, run_stage, small_study
from tests.pipeline.domain.failing import PRICES, make_completion, make_failed_run, make_finding

HTMX = {"HX-Request": "true"}
LIST = "/s/figs/runs/"


def page_of(run: Run) -> str:
    return f"{LIST}{run.public_id}/"


def text_of(response) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split()))


@pytest.fixture
def looking(client, researcher):
    client.force_login(researcher)
    return client


@pytest.fixture
def leading(client, lead):
    client.force_login(lead)
    return client


# One run


def test_run_page_says_what_failed_and_shows_the_model_s_own_words_escaped(study, leading):
    run = make_failed_run(study, {F.UNPARSEABLE: 1, F.NO_ANSWER: 2}, done=7)
    completion = run.completions.get()
    completion.text = "<script>alert(1)</script>"
    completion.save()
    response = leading.get(page_of(run))
    text = text_of(response)
    assert "Incomplete: 3 of 10 units failed." in text
    assert "7 done" in text
    assert "1 · The answer could not be read" in text
    assert "2 · The server gave no answer, however often it was asked" in text
    assert "Person fig-lover" in text
    assert "<script>alert(1)" not in response.content.decode()
    assert "<script>alert(1)</script>" in text
    assert "Try all 3 again" in text


def test_run_page_offers_another_try_at_the_top_only_where_it_may_help(study, leading):
    run = make_failed_run(study, {F.UNPARSEABLE: 3})
    text = text_of(leading.get(page_of(run)))
    assert "Try all 3 again" not in text
    assert "another try reads them again and asks nothing" in text


def test_run_page_says_why_a_run_stands_still_and_what_to_do(study, leading):
    run = make_failed_run(study, {F.NO_ANSWER: 2}, state=S.PAUSED, problem="the key was refused (401)")
    run.work_units.filter(failure=F.NO_ANSWER).update(state=WorkState.PENDING, failure="")
    response = leading.get(page_of(run))
    text = text_of(response)
    assert "Stands still: 2 units left of 3." in text
    assert "The key was refused (401)" in text
    assert "Mend that, then resume." in text
    assert actions(response) == {"resume", "cancel"}


def actions(response) -> set[str]:
    return set(re.findall(r'action="/s/figs/runs/\w+/([\w/]+)/(?:#\w+)?"', response.content.decode()))


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (S.PLANNED, {"resume", "cancel"}),
        (S.RUNNING, {"pause", "cancel", "failures/retry"}),
        (S.PAUSED, {"resume", "cancel", "failures/retry"}),
        (S.INCOMPLETE, {"failures/retry"}),
        (S.CANCELLED, set()),
        (S.COMPLETE, set()),
    ],
)
def test_run_page_offers_the_steps_that_the_state_allows(study, leading, state, offered):
    failures = {F.NO_ANSWER: 1} if state not in (S.COMPLETE, S.PLANNED) else {}
    run = make_failed_run(study, failures, state=state)
    assert actions(leading.get(page_of(run))) == offered
    Run.objects.update(template_sha256="0" * 64)
    over = state in (S.CANCELLED, S.COMPLETE)
    assert actions(leading.get(page_of(run))) == offered | (set() if over else {"budget"})


def test_run_page_offers_a_researcher_nothing_that_acts(study, looking):
    run = make_failed_run(study, {F.NO_ANSWER: 1}, state=S.PAUSED, template_sha256="0" * 64)
    response = looking.get(page_of(run))
    assert "What failed" in text_of(response)
    assert re.findall(r'method="post" action="([^"]+)"', response.content.decode()) == ["/logout/"]
    assert "hx-post" not in response.content.decode()


def test_run_page_shows_what_it_asked_read_and_was_made_from(study, looking):
    small = small_study(study)
    run = plan_run(study=study, stage="select", backend="recorded", model="model-a", inputs=[small.merge])
    reader = factories.make_run(study, Stage.RESPOND, model_name="model-b")
    RunInput.objects.create(run=reader, source=run)
    make_completion(run, "YES")
    make_completion(run, "", CompletionState.ABANDONED)
    run.completions.update(prompt_tokens=1000, completion_tokens=20)
    text = text_of(looking.get(page_of(run)))
    assert "Planned and not started: 3 units to do." in text
    assert "Tokens 2,040 2,000 in, 40 out" in text
    assert "Cost n/a no price is known for this model" in text
    assert "1 more possibly paid twice" in text
    assert f"Reads Merge by model-a {small.merge.public_id[:6]}" in text
    assert f"Read by Respond by model-b {reader.public_id[:6]}" in text
    assert run.template_sha256 in text
    assert "Would knowing" in text or "Statement about the person" in text


def test_run_page_says_what_it_costs_and_will_cost(study, looking):
    run = make_failed_run(study, {F.UNPARSEABLE: 2}, done=2, state=S.PAUSED, template_sha256="0" * 64, prices=PRICES)
    run.work_units.filter(position=3).update(state=WorkState.PENDING, failure="", completion=None)
    run.completions.update(prompt_tokens=500_000, completion_tokens=100_000)
    text = text_of(looking.get(page_of(run)))
    assert "Cost USD 1.40 about USD 1.87 in all; prices of 2026-11-23" in text
    run.completions.filter(pk=run.completions.first().pk).update(prompt_tokens=None)
    assert "Cost n/a not every answer was counted" in text_of(looking.get(page_of(run)))


def test_run_that_stands_still_for_its_budget_says_to_raise_it(study, leading):
    """The engine's own words: a run that had real work and no token to spend on it."""
    small = small_study(study)
    run = plan_run(study=study, stage="select", backend="recorded", model="model-a", inputs=[small.merge])
    Run.objects.filter(pk=run.pk).update(budget_tokens=1)
    execute_run(run=start_run(run=run), backend=Scripted(lambda request: "YES"))
    text = text_of(leading.get(page_of(run)))
    assert "Stands still: 3 units left of 3." in text
    assert "Budget of 1 tokens" in text
    assert "Set a larger budget , then resume." in text


def test_prompt_that_has_changed_since_is_not_shown_as_the_run_s(study, looking):
    run = make_failed_run(study, {}, state=S.COMPLETE, template_sha256="0" * 64)
    text = text_of(looking.get(page_of(run)))
    assert "0" * 64 in text
    assert "has been changed since" in text
    assert "Below is one conversation" not in text


def test_imported_run_shows_its_own_numbers(study, looking):
    run = factories.make_run(study, Stage.IMPORT, model_name="", n_units=640, n_done=640, outcome={"people": 12})
    text = text_of(looking.get(page_of(run)))
    assert "Complete: 640 units." in text
    assert "What came of it people 12" in text
    assert "done" not in text.split("Complete:")[1]


def test_running_run_that_no_worker_has_in_hand_says_so(study, looking):
    run = make_failed_run(study, {F.OTHER: 1}, state=S.RUNNING)
    run.work_units.filter(state=WorkState.FAILED).update(state=WorkState.PENDING, failure="")
    assert "No worker has been at it" not in text_of(looking.get(page_of(run)))  # a unit was settled just now
    run.work_units.update(settled_at=from_now(-600))
    Run.objects.update(started_at=from_now(-900))
    assert "No worker has been at it for a minute." in text_of(looking.get(page_of(run)))
    run.work_units.filter(state=WorkState.PENDING).update(state=WorkState.CLAIMED, lease_until=from_now(60))
    text = text_of(looking.get(page_of(run)))
    assert "No worker has been at it" not in text
    assert "1 left, 1 of them in workers" in text


def test_poll_speaks_up_when_nobody_works_any_more(study, looking):
    run = make_failed_run(study, {F.OTHER: 1}, state=S.RUNNING)
    run.work_units.filter(state=WorkState.FAILED).update(state=WorkState.PENDING, failure="")
    run.work_units.update(settled_at=from_now(-600))
    Run.objects.update(started_at=from_now(-900))
    said = looking.get(f"{page_of(run)}?state=running&said=running-5", headers=HTMX).content.decode()
    assert 'hx-swap-oob="innerHTML">Running: 1 of 2 units done. No worker has been at it for a minute.<' in said
    assert 'role="alert"' not in said  # it would be read out again with every poll


# Polling


def test_poll_gives_the_figures_alone_while_the_state_is_the_same(study, looking):
    run = make_failed_run(study, {F.OTHER: 1}, done=9, state=S.RUNNING)
    full = looking.get(page_of(run)).content.decode()
    (address,) = re.findall(r'hx-get="([^"]+)"', full)
    part = looking.get(html.unescape(address), headers=HTMX)
    body = part.content.decode()
    assert body.lstrip().startswith('<section id="live"')
    assert "What failed" not in body
    assert "hx-swap-oob" not in body
    assert "HX-Retarget" not in part
    assert "<html" in looking.get(page_of(run), headers=HTMX | {"HX-History-Restore-Request": "true"}).content.decode()


def test_poll_speaks_up_when_a_tenth_more_is_done(study, looking):
    run = make_failed_run(study, {F.OTHER: 1}, done=9, state=S.RUNNING)
    said = looking.get(f"{page_of(run)}?state=running&said=running-8", headers=HTMX).content.decode()
    assert re.search(r'hx-swap-oob="innerHTML">Running: 9 of 10 units done\.<', said)


def test_poll_of_a_run_that_is_over_swaps_the_whole_and_stops(study, looking):
    run = make_failed_run(study, {F.OTHER: 1})
    response = looking.get(f"{page_of(run)}?state=running&said=running-0", headers=HTMX)
    body = response.content.decode()
    assert body.lstrip().startswith('<div id="run"')
    assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#run", "outerHTML settle:0s")
    assert "What failed" in body
    assert "hx-trigger" not in body
    assert ">Incomplete: 1 of 2 units failed.</p>" in body


def test_poll_of_one_who_was_logged_out_swaps_nothing(study, client):
    run = make_failed_run(study, {}, state=S.RUNNING)
    assert client.get(page_of(run), headers=HTMX).status_code == 401


# The list


def test_runs_are_listed_with_state_and_lineage_newest_first(study, looking):
    extract = make_failed_run(study, {F.OTHER: 3}, done=37)
    merge = factories.make_run(study, Stage.MERGE, model_name="MiniLM", n_units=5, n_done=5)
    RunInput.objects.create(run=merge, source=extract)
    text = text_of(looking.get(LIST))
    assert "All 3 Import 1 Extract 1 Merge 1" in text
    assert "Incomplete 37 of 40 done, 3 failed" in text
    assert f"Extract by model-a {extract.public_id[:6]}" in text
    assert text.index("MiniLM") < text.index("37 of 40")


def test_runs_can_be_narrowed_to_a_stage(study, looking):
    make_failed_run(study, {})
    text = text_of(looking.get(f"{LIST}?stage=import"))
    assert "model-a" in text
    assert "1 of 1 done" not in text
    assert "No run of this stage" in text_of(looking.get(f"{LIST}?stage=judge"))
    assert "1 of 1 done" in text_of(looking.get(f"{LIST}?stage=nonsense"))


def test_runs_are_listed_with_what_they_cost(study, looking):
    priced = make_failed_run(study, {F.UNPARSEABLE: 2}, template_sha256="0" * 64, prices=PRICES)
    priced.completions.update(prompt_tokens=500_000, completion_tokens=100_000)
    make_failed_run(study, {F.UNPARSEABLE: 1}, template_sha256="0" * 64, model_name="unpriced")
    text = text_of(looking.get(LIST))
    assert "2 failed USD 1.40 " in text
    assert "1 failed n/a " in text


def test_running_run_is_listed_with_what_is_done_by_now(study, looking):
    make_failed_run(study, {F.OTHER: 1}, done=4, state=S.RUNNING, n_done=0, n_failed=0)
    assert "Running 4 of 5 done, 1 failed" in text_of(looking.get(LIST))


def test_empty_list_says_where_runs_come_from(study, looking):
    assert "import_corpus" in text_of(looking.get(LIST))


@pytest.mark.parametrize("address", ["", "{run}/", "{run}/failures/"])
def test_pages_take_the_same_queries_for_one_and_three(study, looking, address):
    def taken() -> int:
        run = Run.objects.filter(stage=Stage.EXTRACT).latest("pk")
        with CaptureQueriesContext(connection) as queries:
            assert looking.get(LIST + address.format(run=run.public_id)).status_code == 200
        return len(queries)

    def add(n: int) -> None:
        run = make_failed_run(study, {F.UNPARSEABLE: n, F.NO_ANSWER: n})
        RunInput.objects.create(run=run, source=factories.make_run(study, Stage.IMPORT))

    add(1)
    one = taken()
    add(3)
    assert taken() == one


# Failures


def test_failures_page_lists_every_unit_of_a_kind(study, leading, monkeypatch):
    monkeypatch.setattr("annotation.views.runs.FAILURES_PER_PAGE", 2)
    run = make_failed_run(study, {F.UNPARSEABLE: 3, F.NO_ANSWER: 1})
    text = text_of(leading.get(f"{page_of(run)}failures/"))
    assert "reason 1" in text
    assert "reason 3" not in text
    assert "1 to 2 of 3" in text
    assert "reason 3" in text_of(leading.get(f"{page_of(run)}failures/?kind=unparseable&page=2"))
    silent = text_of(leading.get(f"{page_of(run)}failures/?kind=no_answer"))
    assert "reason 4" in silent
    assert "reason 1" not in silent


def test_failures_page_of_a_run_without_any(study, looking):
    run = make_failed_run(study, {}, state=S.COMPLETE)
    assert "No unit of this run has failed." in text_of(looking.get(f"{page_of(run)}failures/"))


def test_votes_that_could_not_be_read_are_shown_with_the_model_s_words(study, leading):
    small = small_study(study)
    run, _ = run_stage(study, "select", [small.merge], lambda request: "Who knows <i>that</i>?")
    assert f'failures/?kind=unread">{len(small.attributes)}</a>' in leading.get(page_of(run)).content.decode()
    response = leading.get(f"{page_of(run)}failures/")
    text = text_of(response)
    assert "3 · Answers that could not be read" in text
    assert "Person ann Attribute Keeps bees. Prompt Honey for breakfast?" in text
    assert "Who knows <i>that</i>?" in text
    assert "<i>that" not in response.content.decode()
    assert actions(response) == set()


def test_findings_that_could_not_be_read_are_shown_too(study, looking):
    small = small_study(study)
    run = factories.make_run(study, Stage.WHY, n_units=1, n_done=1, template_sha256="0" * 64)
    make_finding(run, small.attributes[0], make_completion(run, "It is complicated."))
    text = text_of(looking.get(f"{page_of(run)}failures/?kind=unread"))
    assert "1 · Answers that could not be read" in text
    assert "Attribute Keeps bees." in text
    assert "It is complicated." in text
