"""Settings from the environment: README.md has the table of names. Nonsense is refused at the start, with the remedy.

Without DATABASE_URL the embedded mode keeps everything (SQLite, broker files, secret key, media) under DATA_DIR.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF

from config import env
from config.databases import database_from_url, embedded_database
from config.file_transport import broker_folders
from config.secrets import secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.folder("DATA_DIR", BASE_DIR / "var")
DATABASE_URL = env.text("DATABASE_URL")
REDIS_URL = env.address("REDIS_URL", ("redis", "rediss"))
EMBEDDED = not DATABASE_URL
PERSONAL_DATA_MODEL = env.folder_with("PERSONAL_DATA_MODEL", "meta.json")  # a spaCy pipeline that finds people's names
LOOPBACK = {"localhost", "127.0.0.1", "::1", "[::1]"}
HOST = env.text("HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, 1, 65535)
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
HTTPS = env.boolean("HTTPS")
# The demo's logins are public knowledge: where others could reach them, or the database was named on purpose, they
# are made only when asked for.
LOCAL = HOST in LOOPBACK and not HTTPS and not set(ALLOWED_HOSTS) - LOOPBACK
DEMO = env.boolean("DEMO", default=EMBEDDED and LOCAL)
WEB_WORKERS = env.integer("WEB_WORKERS", env.usual_web_workers(), 1, 64)
WEB_THREADS = env.integer("WEB_THREADS", 4, 1, 64)
TASK_WORKERS = env.integer("TASK_WORKERS", 2, 1, 64)
# Processes for local models, each with a model of its own in memory; none where .venv-models is missing.
LOCAL_WORKERS = env.integer("LOCAL_WORKERS", 1, 0, 16)
# Where raters are recruited, and whose keys sign their coming; only tests and mirrors name others.
PROLIFIC_API = env.service("PROLIFIC_API", "https://api.prolific.com/api/v1")
PROLIFIC_JWKS = env.service("PROLIFIC_JWKS", "https://api.prolific.com/.well-known/study/jwks.json")
PRICES = env.file("PRICES")  # a table that goes before pipeline/prices.toml

DEBUG = env.boolean("DEBUG")
SECRET_KEY = secret_key(DATA_DIR, embedded=EMBEDDED)
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "csp",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "studies",
    "pipeline",
    "annotation",
    "config",
    "rebuild",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "studies.language.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "studies.sessions.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES = {"default": database_from_url(DATABASE_URL) if DATABASE_URL else embedded_database(DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "studies.User"
LOGIN_URL = "studies:login"
LOGIN_REDIRECT_URL = "annotation:home"
LOGOUT_REDIRECT_URL = "studies:login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
# What raters read. A campaign's pages are in its own language, whatever the browser says (studies/language.py).
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
MEDIA_ROOT = DATA_DIR / "media"
RELEASES_DIR = DATA_DIR / "releases"
REPORTS_DIR = DATA_DIR / "reports"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
# A task is a chunk of minutes; Celery's defaults give a killed worker's message back after more than an hour.
REDELIVERY = {"visibility_timeout": 900, "unacked_restore_interval": 10, "unacked_restore_throttle": 1}
CELERY_BROKER_TRANSPORT_OPTIONS = (
    REDELIVERY | {"socket_connect_timeout": 2}
    if REDIS_URL
    else broker_folders(DATA_DIR) | {"store_processed": True, "polling_interval": 0.05}
)
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    # Expires, so that a worker that was away does not sweep once for every time it missed.
    "sweep runs": {"task": "pipeline.task_sweep", "schedule": 30.0, "options": {"expires": 30}},
    "sweep recruiting": {"task": "annotation.task_sweep_recruiting", "schedule": 60.0, "options": {"expires": 60}},
    "expire leases": {"task": "annotation.task_expire_leases", "schedule": 60.0, "options": {"expires": 60}},
    "sweep releases": {"task": "annotation.task_sweep_releases", "schedule": 30.0, "options": {"expires": 30}},
    "roll up": {"task": "annotation.task_roll_up", "schedule": 60.0, "options": {"expires": 60}},
    "keep signals": {"task": "annotation.task_keep_signals", "schedule": 300.0, "options": {"expires": 300}},
    "remarks": {"task": "annotation.task_look_through_remarks", "schedule": 60.0, "options": {"expires": 60}},
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_ENGINE = "studies.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.views.csrf_failure"
# HTTPS=1: behind a proxy that ends TLS and sets X-Forwarded-Proto itself, whatever the browser sent.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Browsers' preload lists are for the owner of the domain to decide on, not for one of its sites.
SILENCED_SYSTEM_CHECKS = ["security.W021"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "annotation.api.errors.handle",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Fitting Room",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "CampaignStateEnum": "annotation.enums.CampaignState",
        "RunStateEnum": "pipeline.enums.RunState",
        "ReleaseStateEnum": "annotation.enums.ReleaseState",
        "JobStateEnum": "annotation.enums.JobState",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {
        "httpx2": {"level": "WARNING"},  # it has a line for each call of a model
        # Theirs hold the recruiter's ids, at any LOG_LEVEL.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))},
}
