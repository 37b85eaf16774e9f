"""Django's settings: the environment goes in, typed values come out."""

from pathlib import Path

from csp.constants import NONE, SELF

from project import env
from project.database import data_directory, database_settings
from project.secret import secret_key

BASE_DIR = Path(__file__).resolve().parent.parent

# Our own settings; the README has the same list.
PROFILE = env.choice("HOLDPOINT_PROFILE", "demo", ["demo", "production"])
PORT = env.integer("HOLDPOINT_PORT", 8000, minimum=1, maximum=65535)
PUBLIC_URL = env.text(
    "HOLDPOINT_URL", f"http://127.0.0.1:{PORT}" if PROFILE == "demo" else ""
).rstrip("/")
DATA = data_directory(BASE_DIR)
DELIVERIES_KEPT = env.integer("HOLDPOINT_DELIVERIES_KEPT", 90, minimum=1)
SNAPSHOTS_KEPT = env.integer("HOLDPOINT_SNAPSHOTS_KEPT", 50, minimum=1)
CALLBACK_HOSTS = env.csv(
    "HOLDPOINT_CALLBACK_HOSTS", [f"127.0.0.1:{PORT}"] if PROFILE == "demo" else []
)
CALLBACK_HTTP = env.flag("HOLDPOINT_CALLBACK_HTTP", default=PROFILE == "demo")
EMAIL_HOST = env.text("HOLDPOINT_MAIL_HOST")
MAIL = bool(EMAIL_HOST)
_mail_tls = env.choice("HOLDPOINT_MAIL_TLS", "starttls", ["starttls", "tls", "off"])
EMAIL_USE_TLS = _mail_tls == "starttls"
EMAIL_USE_SSL = _mail_tls == "tls"
EMAIL_PORT = env.integer(
    "HOLDPOINT_MAIL_PORT", 465 if EMAIL_USE_SSL else 587, minimum=1, maximum=65535
)
EMAIL_HOST_USER = env.text("HOLDPOINT_MAIL_USER")
EMAIL_HOST_PASSWORD = env.text("HOLDPOINT_MAIL_PASSWORD")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("HOLDPOINT_MAIL_FROM", "holdpoint@localhost")
MAIL_SIGN_IN = env.flag("HOLDPOINT_MAIL_SIGN_IN", default=False)
if MAIL and not PUBLIC_URL:
    raise SystemExit("HOLDPOINT_URL is not set: the links in mails need it.")
SLACK_API = env.text("HOLDPOINT_SLACK_API", "https://slack.com/api").rstrip("/")
INTAKE_LIMIT = env.integer("HOLDPOINT_INTAKE_LIMIT", 1_048_576, minimum=1)
EXECUTORS = env.integer("HOLDPOINT_EXECUTORS", 0, minimum=0)
APPS = env.modules("HOLDPOINT_APPS")
LOG_LEVEL = env.choice(
    "HOLDPOINT_LOG", "WARNING", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
)

IS_PRODUCTION = PROFILE == "production"
DEBUG = False
if IS_PRODUCTION and not SLACK_API.startswith("https://"):
    raise SystemExit("HOLDPOINT_SLACK_API must start with https:// in production.")
SECRET_KEY = secret_key(DATA, required=IS_PRODUCTION)
ALLOWED_HOSTS = env.csv(
    "ALLOWED_HOSTS", [] if IS_PRODUCTION else ["localhost", "127.0.0.1", "[::1]"]
)
if IS_PRODUCTION and not ALLOWED_HOSTS:
    raise SystemExit("ALLOWED_HOSTS is not set: the production profile needs it.")
if IS_PRODUCTION and not env.text("DATABASE_URL") and (DATA / "demo.json").exists():
    raise SystemExit(
        f"HOLDPOINT_DATA={DATA} holds the demo with its logins: name another folder."
    )

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",  # urls.py asks for our pages
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "lucide",
    "ninja",
    "workflows_app",
    "review_app",
    *APPS,
]
AUTHENTICATION_BACKENDS = ["review_app.people.PeopleBackend"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"
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
                "review_app.frame.frame",
            ]
        },
    }
]
DATABASES = {"default": database_settings(BASE_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/queue/"
LOGOUT_REDIRECT_URL = "/login/"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

DATA_UPLOAD_MAX_MEMORY_SIZE = INTAKE_LIMIT
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if IS_PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # probes come without TLS
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
if env.flag("HOLDPOINT_BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# reliability.md 6.5: nothing inline, nothing from elsewhere.
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

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "filters": {"without_secrets": {"()": "project.log_secrets.WithoutSecrets"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without_secrets"],
        }
    },
    # What a visitor did wrong (404, 409, 422) is told to him, not to the operator.
    "loggers": {"django.request": {"level": "ERROR"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
}
