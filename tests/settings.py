"""config.settings for tests: a data folder of its own that ends with the process, plain static files, quick passwords.

DATABASE_URL and REDIS_URL are honoured as everywhere; `make test` sets them for its second round.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

_data_dir = tempfile.mkdtemp(prefix="fitting-room-test-")
atexit.register(shutil.rmtree, _data_dir, ignore_errors=True)
os.environ["DATA_DIR"] = _data_dir
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "0123456789" * 4)

from config.settings import *  # noqa: E402, F403
from config.settings import DATA_DIR, DATABASES, EMBEDDED, STORAGES  # noqa: E402

if EMBEDDED:
    # A file, not memory: the live server's threads then meet real locks, as users do.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
# Threads of the live server outlive their requests; a connection kept by one would keep the database alive.
DATABASES["default"]["CONN_MAX_AGE"] = 0
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True
WHITENOISE_AUTOREFRESH = True
DEMO = False
