"""The product's worker and clock in a hurry: what takes a minute takes seconds, so that tests can wait for it.

celery -A tests.faults.hurry worker|beat
python -m tests.faults.hurry run_stage ...       what manage.py does, in the same hurry
"""

from __future__ import annotations

import sys

import django

from config.celery import app

django.setup()

from pipeline import tasks  # noqa: E402
from pipeline.backends import shared_limits  # noqa: E402
from pipeline.domain import executing  # noqa: E402

assert executing.execute_run.__kwdefaults__ is not None
executing.execute_run.__kwdefaults__ |= {"lease_seconds": 3.0}
tasks.SHARD = 25
shared_limits.LEASE = 1.5  # of places at a server, where Redis keeps them
app.conf.beat_schedule = {
    "sweep runs": {"task": "pipeline.task_sweep", "schedule": 1.0, "options": {"expires": 5}},
    "expire leases": {"task": "annotation.task_expire_leases", "schedule": 2.0, "options": {"expires": 5}},
}

__all__ = ["app"]

if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
