"""The Celery app. A message is only a hint that there is work: rows hold the truth, the sweeper finds what was lost."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

from celery import Celery
from celery.signals import worker_process_init
from kombu.entity import Exchange, Queue
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

TRANSPORT_ALIASES["filesystem"] = "config.file_transport:Transport"

app = Celery("fitting_room")
app.config_from_object("django.conf:settings", namespace="CELERY")
# What a worker takes that is told of no queue. "local", for models in memory, is for workers of .venv-models alone.
app.conf.task_queues = [Queue(name, Exchange(name), routing_key=name) for name in ("celery", "calls")]
app.autodiscover_tasks()


@worker_process_init.connect
def end_with_parent(**_: Any) -> None:
    """A pool process whose worker was killed with -9 ends too; Celery alone leaves it waiting for work for ever.

    A thread that looks at the parent, because PR_SET_PDEATHSIG follows the thread that forked, and Celery forks
    replacements from a thread that ends before the last task does.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
