"""Gunicorn's settings: the supervisor hands over a listening socket, `gunicorn -c config/gunicorn.py` opens one."""

from __future__ import annotations

import os
import tempfile

from config import env

wsgi_app = "config.wsgi"
bind = env.text("WEB_BIND") or f"{env.text('HOST', '127.0.0.1')}:{env.integer('PORT', 8000, 1, 65535)}"
workers = env.integer("WEB_WORKERS", env.usual_web_workers(), 1, 64)
threads = env.integer("WEB_THREADS", 4, 1, 64)
worker_class = "gthread"
# Heartbeats in memory where there is such a folder: a busy disk must not look like a dead worker.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()  # noqa: S108
graceful_timeout = 8  # under the supervisor's 10 s
control_socket_disable = True
loglevel = "warning"
# No access log unless it is asked for (GUNICORN_CMD_ARGS), and even then no address of anybody, no query and no
# referrer: launches from a recruiter carry who comes.
access_log_format = "%(t)s %(m)s %(U)s %(s)s %(B)s %(M)sms"
