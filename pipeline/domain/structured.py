"""How a run's schema reaches its model: asked of the server once, kept on the run for all its workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction

from pipeline.backends.base import FinalError, ModelAnswer, Outcome
from pipeline.backends.probing import FORMS, PROMPT, Probed, honours, probe_of
from pipeline.domain.calls import Call
from pipeline.models import Run
from pipeline.requests import ModelRequest

OUTCOME = "structured_output"  # in Run.outcome: schema, json_object or prompt

Ask = Callable[[ModelRequest], Outcome]


def note_structured_output(*, run: Run, form: str) -> None:
    """Keeps on the run how its schema is sent, beside whatever else stands there."""
    with transaction.atomic():
        row = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
        run.outcome = row.outcome | {OUTCOME: form}
        Run.objects.filter(pk=run.pk).update(outcome=run.outcome)


class FormUnknown(Exception):
    """``request`` has a schema, and its server is to be asked first what it makes of one."""

    def __init__(self, request: ModelRequest) -> None:
        super().__init__()
        self.request = request


class Form:
    """Of one run and backend; asks nothing where the run knows, or where no call with a schema is to be made."""

    def __init__(self, run: Run, backend: object, version: str) -> None:
        self.run, self.version = run, version
        self.backend = backend if isinstance(backend, Probed) else None
        self.known = self.backend is None
        if self.backend is not None and OUTCOME in run.outcome:
            self.backend.structured_output, self.known = run.outcome[OUTCOME], True

    def needed_by(self, calls: Sequence[Call]) -> ModelRequest | None:
        """The first request of these with a schema, while nobody knows how to send it."""
        if self.known:
            return None
        return next((call.request for call in calls if call.request.response_schema is not None), None)

    def find_out(self, request: ModelRequest, ask: Ask) -> None:
        """Tries the forms in turn. A server that gives no answer at all leaves it open: the schema is sent."""
        assert self.backend is not None
        self.known = True
        for form in FORMS:
            self.backend.structured_output = form
            outcome = ask(probe_of(self.backend, self.version, request, form))
            if isinstance(outcome, ModelAnswer) and honours(form, outcome.text):
                break
            if not isinstance(outcome, ModelAnswer | FinalError):
                self.backend.structured_output = FORMS[0]
                return
        else:
            self.backend.structured_output = PROMPT
        note_structured_output(run=self.run, form=self.backend.structured_output)
