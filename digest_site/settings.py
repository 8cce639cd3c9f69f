"""Every setting. Runs with no environment at all; each value can come from the environment or `.env`.

README's table and `.env.example` list them; tests/digest_site/test_settings.py keeps the three in step.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from celery.schedules import crontab
from csp.constants import NONE, SELF

from digest_site import environment, environment_mail, reporting

BASE_DIR = Path(__file__).resolve().parent.parent
env = environment.read_env(BASE_DIR)

# The site -----------------------------------------------------------------------------------------
SITE_NAME = env.str("SITE_NAME", "Paper Round")
SITE_URL = environment.site_url(env)
_host = urlsplit(SITE_URL).hostname or ""
PUBLIC = SITE_URL.startswith("https://")
DATA_DIR = Path(env.str("DATA_DIR", "") or BASE_DIR / "var").absolute()
DEBUG = environment.boolean(env, "DEBUG", False)
SECRET_KEY = environment.secret_key(env, DATA_DIR, public=PUBLIC)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Keys the suppression list. Apart from SECRET_KEY, because it must outlive a rotation of that.
SUPPRESSION_KEY = env.str("SUPPRESSION_KEY", "") or SECRET_KEY
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[]) or sorted({_host, "localhost", "127.0.0.1"})
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "digest_site.errors.csrf_failure"
TRUSTED_PROXIES = environment.integer(env, "TRUSTED_PROXIES", 0, low=0, high=10)

INSTALLED_APPS = [
    "digest_site",
    "papers",
    "subscriptions",
    "anymail",
    "csp",
    "digest_site.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
]
MIDDLEWARE = [
    "digest_site.request_ids.RequestId",
    "digest_site.keeping.AskAgain",
    # Before those that answer by themselves: redirects to https and static files have a content policy too.
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "digest_site.errors.NotAllowed",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "digest_site.urls"
WSGI_APPLICATION = "digest_site.wsgi.application"
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
                "digest_site.context_processors.site",
            ],
        },
    },
]

# Storage ------------------------------------------------------------------------------------------
DATABASES = {"default": environment.database(env, DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = environment.redis_url(env)
CACHES = {
    "default": (
        {"BACKEND": "digest_site.remembering.Remembering", "LOCATION": REDIS_URL}
        if REDIS_URL
        # Files, not memory: web process and worker see the same heartbeat.
        else {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": DATA_DIR / "cache"}
    )
}

# Time and language --------------------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
# Each in its own name. `make messages` brings the catalogues up to date; see CONTRIBUTING.md.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "digest_site" / "locale"]
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
USE_I18N = True

# Static files: served by the web process itself; finders make collectstatic unnecessary on a private site.
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "staticfiles" if PUBLIC else None
STATICFILES_DIRS = [BASE_DIR / "digest_site" / "static"]
WHITENOISE_USE_FINDERS = not PUBLIC
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if PUBLIC
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}

# Security -----------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "script-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_LENGTH = timedelta(hours=8)
SESSION_COOKIE_AGE = int(SESSION_LENGTH.total_seconds())
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
if PUBLIC:
    SECURE_SSL_REDIRECT = True
    # One-click unsubscription must never be answered by a redirect, nor a probe by the proxy.
    SECURE_REDIRECT_EXEMPT = [r"^u/", r"^healthz$", r"^readyz$", r"^metrics$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = environment.boolean(env, "HSTS_INCLUDE_SUBDOMAINS", True)
    SECURE_HSTS_PRELOAD = environment.boolean(env, "HSTS_PRELOAD", True)
    SESSION_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_SECURE = True
    LANGUAGE_COOKIE_SECURE = True
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# The admin: password and second factor, see digest_site.access. --------------------------------------
ADMIN_PATH = environment.admin_path(env)
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
OTP_TOTP_ISSUER = SITE_NAME
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = ["ip_address", "username"]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "digest_site.throttle.client_address"
AXES_USERNAME_CALLABLE = "digest_site.throttle.sealed_name"
AXES_LOCKOUT_CALLABLE = "digest_site.throttle.locked"

# Mail ---------------------------------------------------------------------------------------------
OUTBOX_DIR = DATA_DIR / "outbox"
EMAIL_TIMEOUT = environment.integer(env, "EMAIL_TIMEOUT", 30, low=1, high=300)
ANYMAIL = environment_mail.anymail(env, EMAIL_TIMEOUT)
ANYMAIL_PROVIDER = environment.choice(env, "ANYMAIL_PROVIDER", "none", environment_mail.PROVIDERS.keys() | {"none"})
EMAIL_URL = env.str("EMAIL_URL", "")
vars().update(environment_mail.email(env, ANYMAIL_PROVIDER))
DEFAULT_FROM_EMAIL = environment_mail.address(env, "DEFAULT_FROM_EMAIL", f"{SITE_NAME} <papers@localhost.localdomain>")
ACCOUNT_FROM_EMAIL = environment_mail.address(env, "ACCOUNT_FROM_EMAIL", DEFAULT_FROM_EMAIL)
REPLY_TO_EMAIL = environment_mail.address(env, "REPLY_TO_EMAIL", DEFAULT_FROM_EMAIL)
BOUNCE_EMAIL = environment_mail.address(env, "BOUNCE_EMAIL", DEFAULT_FROM_EMAIL)
SERVER_EMAIL = ACCOUNT_FROM_EMAIL
POSTAL_ADDRESS = env.str("POSTAL_ADDRESS", "").strip()
SEND_WINDOW = environment.integer(env, "SEND_WINDOW", 10, low=1, high=500)
MAIL_PER_SECOND = environment.integer(env, "MAIL_PER_SECOND", 0, low=0, high=10_000)
MAIL_PER_SECOND_PER_DOMAIN = environment.integer(env, "MAIL_PER_SECOND_PER_DOMAIN", 0, low=0, high=10_000)
# What a preview on the sign-up page looks through, kept in the memory of each web process.
PREVIEW_PAPERS = environment.integer(env, "PREVIEW_PAPERS", 10_000, low=100, high=100_000)
RETENTION_DAYS = environment.integer(env, "RETENTION_DAYS", 365, low=30, high=36_500)
DAILY_CAP = environment.integer(env, "DAILY_CAP", 0, low=0, high=100_000_000)
# Confirmations, links and the like, asked for by strangers: the breaker against list bombing.
ACCOUNT_MAILS_PER_HOUR = environment.integer(env, "ACCOUNT_MAILS_PER_HOUR", 200, low=1, high=100_000)
# Throw-away mailboxes, by a list the operator keeps: sign-ups see the same page, and nothing comes of them.
REFUSED_DOMAINS = environment_mail.domains(env, "REFUSED_DOMAINS_FILE")

# Sources ------------------------------------------------------------------------------------------
HUGGINGFACE_URL = environment.source_url(env, "HUGGINGFACE_URL", "https://huggingface.co")
ARXIV_URL = environment.source_url(env, "ARXIV_URL", "https://arxiv.org")
ARXIV_RSS_URL = environment.source_url(env, "ARXIV_RSS_URL", "https://rss.arxiv.org")
ARXIV_API_URL = environment.source_url(env, "ARXIV_API_URL", "https://export.arxiv.org")
SOURCE_CONTACT = env.str("SOURCE_CONTACT", "") or SITE_URL
# Lets sources be read from loopback and private addresses: for the bundled sample upstream and for tests.
SOURCES_ALLOW_PRIVATE = environment.boolean(env, "SOURCES_ALLOW_PRIVATE", False)

# Celery: the database is the truth, a message is only a hint, so losing or repeating one is harmless. ---
TICK_SECONDS = environment.integer(env, "TICK_SECONDS", 60, low=1, high=300)
READ_MINUTES = environment.integer(env, "READ_MINUTES", 30, low=1, high=1440)
_VISIBILITY = 3600
_BROKER_DIR = DATA_DIR / "broker"
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": _VISIBILITY}
    if REDIS_URL
    else {
        # One folder for both directions: the web process writes where the worker reads.
        "data_folder_in": str(_BROKER_DIR / "queue"),
        "data_folder_out": str(_BROKER_DIR / "queue"),
        "processed_folder": str(_BROKER_DIR / "processed"),
        "control_folder": str(_BROKER_DIR / "control"),
    }
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 840
CELERY_TASK_TIME_LIMIT = 900
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = EMAIL_TIMEOUT + 10
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "heartbeat": {"task": "digest_site.tasks.heartbeat", "schedule": TICK_SECONDS},
    "read sources": {"task": "papers.tasks.read_sources", "schedule": READ_MINUTES * 60},
    "compose what is due": {"task": "subscriptions.tasks.compose_due", "schedule": TICK_SECONDS},
    "send what is queued": {"task": "subscriptions.tasks.send_queued", "schedule": TICK_SECONDS},
    "watch": {"task": "digest_site.tasks.watch", "schedule": 5 * TICK_SECONDS},
    "count wishes": {"task": "digest_site.tasks.count_wishes", "schedule": 10 * TICK_SECONDS},
    "import what waits": {"task": "subscriptions.tasks.import_waiting", "schedule": TICK_SECONDS},
    "sweep": {"task": "subscriptions.tasks.sweep", "schedule": 5 * TICK_SECONDS},
    "forget attempts to log in": {"task": "digest_site.tasks.forget_attempts", "schedule": crontab(hour=3, minute=7)},
    "retention": {"task": "subscriptions.tasks.clean_up", "schedule": crontab(hour=3, minute=17)},
    "silence": {"task": "subscriptions.tasks.watch_silence", "schedule": crontab(hour=9, minute=41)},
}

# Operating ----------------------------------------------------------------------------------------
ALERT_EMAILS = environment_mail.addresses(env, "ALERT_EMAILS")
ALERT_EMAIL = {"timeout": EMAIL_TIMEOUT} | environment_mail.alert_backend(env)
SENTRY_DSN = env.str("SENTRY_DSN", "").strip()
if SENTRY_DSN:
    reporting.start(SENTRY_DSN, _host)
METRICS_TOKEN = env.str("METRICS_TOKEN", "").strip()
LOG_FORMAT = environment.choice(env, "LOG_FORMAT", "line", environment.LOG_FORMATS)
LOG_LEVEL = environment.choice(env, "LOG_LEVEL", "INFO", environment.LOG_LEVELS)
# Ids only; no mail to ADMINS either, since Django would quote the request in it.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "digest_site.logs.Line"}, "json": {"()": "digest_site.logs.Json"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING"},
        "digest_site": {"level": LOG_LEVEL},
        "papers": {"level": LOG_LEVEL},
        "subscriptions": {"level": LOG_LEVEL},
    },
}
