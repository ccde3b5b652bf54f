"""Runs for scripts of leads and researchers: where they are, and pause, resume and cancel."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView, ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.api.paging import Pages
from annotation.api.serializers import ProblemSerializer, RunSerializer, RunWithProgressSerializer
from annotation.permissions import run_for
from pipeline.domain.failures import failures_by_kind
from pipeline.domain.overview import counts_of, progress_of, runs_with_lineage
from pipeline.domain.steering import order_cancel, order_pause, order_resume
from pipeline.enums import RunState
from pipeline.models import Run
from pipeline.tasks import enqueue_run
from studies.http import actor_of
from studies.permissions import LEADS, LOOKS, study_for


class Runs(ListAPIView[Run]):
    """The runs of a study, newest first, with how much of each is done."""

    serializer_class = RunSerializer
    pagination_class = Pages

    def get_queryset(self) -> QuerySet[Run]:
        return runs_with_lineage(study_for(self.request.user, self.kwargs["study"], *LOOKS))

    def paginate_queryset(self, queryset: Any) -> list[Run] | None:  # type: ignore[override]  # stubs' own variable
        return _counted(super().paginate_queryset(queryset) or [])


class OneRun(GenericAPIView[Run]):
    """One run: how far it is, what it cost, what failed."""

    serializer_class = RunWithProgressSerializer

    def get(self, request: Request, study: str, run: str) -> Response:
        return _shown(run_for(request.user, study, run, *LOOKS))


class ResumeRun(GenericAPIView[Run]):
    """Workers go on with a planned or paused run. For leads; resuming twice changes nothing."""

    serializer_class = RunWithProgressSerializer

    @extend_schema(request=None, responses={200: RunWithProgressSerializer, 409: ProblemSerializer})
    def post(self, request: Request, study: str, run: str) -> Response:
        found = order_resume(run=run_for(request.user, study, run, *LEADS), actor=actor_of(request))
        if found.state == RunState.RUNNING:
            enqueue_run(found)
        return _shown(found)


class PauseRun(GenericAPIView[Run]):
    """No unit is begun any more; answers to calls under way are kept. For leads; pausing twice changes nothing."""

    serializer_class = RunWithProgressSerializer

    @extend_schema(request=None, responses={200: RunWithProgressSerializer, 409: ProblemSerializer})
    def post(self, request: Request, study: str, run: str) -> Response:
        return _shown(order_pause(run=run_for(request.user, study, run, *LEADS), actor=actor_of(request)))


class CancelRun(GenericAPIView[Run]):
    """Ends a run for good; what it recorded stays. For leads; cancelling twice changes nothing."""

    serializer_class = RunWithProgressSerializer

    @extend_schema(request=None, responses={200: RunWithProgressSerializer, 409: ProblemSerializer})
    def post(self, request: Request, study: str, run: str) -> Response:
        return _shown(order_cancel(run=run_for(request.user, study, run, *LEADS), actor=actor_of(request)))


def _counted(runs: list[Run]) -> list[Run]:
    """The runs, each with its ``counts``, in one query."""
    counts = counts_of(runs)
    for run in runs:
        run.counts = counts[run.pk]  # type: ignore[attr-defined]  # read by the serializer only
    return runs


def _shown(run: Run) -> Response:
    (counted,) = _counted([run])
    counted.progress = progress_of(run)  # type: ignore[attr-defined]  # read by the serializer only
    counted.failures = failures_by_kind(run, examples=0)  # type: ignore[attr-defined]
    return Response(RunWithProgressSerializer(counted).data)
