from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pipeline.domain.errors import RunError
from pipeline.domain.executing import execute_run
from pipeline.domain.failures import REMEDIES, failures_by_kind, retry_failures
from pipeline.domain.planning import plan_run
from pipeline.domain.runs import start_run
from pipeline.domain.subjects import Part
from pipeline.enums import FailureKind as F
from pipeline.enums import RunState, WorkState
from pipeline.models import Conversation
from studies.models import AuditEvent
from tests.pipeline.backing import Scripted, run_stage, small_study
from tests.pipeline.domain.failing import failed_kinds, make_failed_run


def test_failures_by_kind_counts_and_gives_the_first_few_with_their_answers(study):
    run = make_failed_run(study, {F.NO_ANSWER: 1, F.UNPARSEABLE: 5})
    groups = failures_by_kind(run)
    assert [(group.kind, group.count, len(group.examples)) for group in groups] == [
        (F.UNPARSEABLE, 5, 3),
        (F.NO_ANSWER, 1, 1),
    ]
    unread, silent = groups[0].examples[0], groups[1].examples[0]
    assert (unread.reason, unread.answer) == ("reason 2", "answer 2")
    assert (silent.reason, silent.answer) == ("reason 1", None)
    chat = Conversation.objects.get(public_id=unread.key)
    assert unread.about == (Part("Person", "fig-lover"), Part("Conversation", chat.source_id, chat.public_id))


def test_failures_by_kind_takes_the_same_queries_for_one_and_three(study):
    few, many = make_failed_run(study, {F.UNPARSEABLE: 1}), make_failed_run(study, {F.UNPARSEABLE: 3})
    taken = []
    for run in (few, many):
        with CaptureQueriesContext(connection) as queries:
            failures_by_kind(run)
        taken.append(len(queries))
    assert taken[0] == taken[1] <= 3


def test_failure_without_a_kind_counts_as_something_else(study):
    run = make_failed_run(study, {F.OTHER: 1, F.REFUSED: 1})
    run.work_units.filter(failure=F.REFUSED).update(failure="")
    (group,) = failures_by_kind(run)
    assert (group.kind, group.count) == (F.OTHER, 2)
    assert retry_failures(run=run, kind=F.OTHER, actor=None) == 2


def test_every_kind_has_its_remedy():
    assert set(REMEDIES) == set(F)


def test_failures_of_units_about_pairs_and_prompts_are_named(study):
    small = small_study(study)
    run, _ = run_stage(study, "select", [small.merge], lambda request: "YES")
    run.work_units.update(state=WorkState.FAILED, failure=F.OTHER)
    (group,) = failures_by_kind(run, examples=1)
    named = {part.name: part.text for part in group.examples[0].about}
    assert named == {"Person": "ann", "Attribute": "Keeps bees.", "Prompt": "Honey for breakfast?"}


def test_retry_failures_reruns_one_kind_only(study, lead):
    run = make_failed_run(study, {F.NO_ANSWER: 2, F.UNPARSEABLE: 1})
    assert retry_failures(run=run, kind=F.NO_ANSWER, actor=lead) == 2
    assert (run.state, run.n_failed, failed_kinds(run)) == (RunState.RUNNING, 1, [F.UNPARSEABLE])
    assert run.work_units.filter(state=WorkState.PENDING, failure="", reason="").count() == 2
    event = AuditEvent.objects.get()
    assert (event.verb, event.actor, event.subject) == ("retry_failures", lead, f"run:{run.public_id}")
    assert event.detail == {"kind": "no_answer", "units": 2}


def test_retry_failures_of_all_kinds_and_of_none_left(study):
    run = make_failed_run(study, {F.NO_ANSWER: 2, F.UNPARSEABLE: 1})
    assert retry_failures(run=run, kind=None, actor=None) == 3
    assert retry_failures(run=run, kind=None, actor=None) == 0
    assert AuditEvent.objects.count() == 1


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.PAUSED])
def test_retry_failures_leaves_a_run_that_is_not_over_in_its_state(study, state):
    run = make_failed_run(study, {F.NO_ANSWER: 1}, state=state, problem="the server is away")
    retry_failures(run=run, kind=F.NO_ANSWER, actor=None)
    assert (run.state, run.problem) == (state, "the server is away")


def test_retry_failures_refuses_a_cancelled_run_and_an_unknown_kind(study):
    run = make_failed_run(study, {F.NO_ANSWER: 1}, state=RunState.CANCELLED)
    with pytest.raises(RunError, match="cancelled"):
        retry_failures(run=run, kind=F.NO_ANSWER, actor=None)
    with pytest.raises(RunError, match="'bad luck' is no kind of failure"):
        retry_failures(run=run, kind="bad luck", actor=None)
    assert failed_kinds(run) == [F.NO_ANSWER]


def test_retried_answer_on_record_is_read_again_and_not_asked_again(study):
    """A run that failed for real: the second try sends nothing, and ends as the first did."""
    small = small_study(study)
    run = plan_run(study=study, stage="extract", backend="recorded", model="model-a", inputs=[])
    backend = Scripted(lambda request: "no JSON at all")
    execute_run(run=start_run(run=run), backend=backend)
    run.refresh_from_db()
    assert (run.state, failed_kinds(run)) == (RunState.INCOMPLETE, [F.UNPARSEABLE] * 2)
    asked = len(backend.sent)
    assert retry_failures(run=run, kind=F.UNPARSEABLE, actor=None) == 2
    execute_run(run=run, backend=backend)
    assert len(backend.sent) == asked
    assert (run.state, failed_kinds(run)) == (RunState.INCOMPLETE, [F.UNPARSEABLE] * 2)
    assert small.ann.attributes.filter(run=run).count() == 0
