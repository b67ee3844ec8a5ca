"""The settings of a new project, as it is put behind a proxy; what tests ask for is in pages.py."""

from office.settings import *

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "office.example"]
ROOT_URLCONF = "office.pages"

# Static files have names that change with them, and are there compressed as well.
STATIC_ROOT = BASE_DIR / "static"
STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
MIDDLEWARE = [
    MIDDLEWARE[0],
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    *MIDDLEWARE[1:],
]

# Several threads write; and what guards passwords is slow on purpose.
DATABASES["default"]["OPTIONS"] = {"timeout": 60}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
