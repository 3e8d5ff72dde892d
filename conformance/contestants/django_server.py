# Django with its own sessions in the database, and its CSRF protection: https://docs.djangoproject.com/en/stable/topics/http/sessions/
import os
import time

from django.conf import settings

TTL = int(os.environ["TTL_SECONDS"])
IDLE = os.environ.get("IDLE_SECONDS")
PROXIED = os.environ.get("PROXIED") == "1"
DATA = os.environ["DATA_DIR"]

settings.configure(
    DEBUG=False,
    SECRET_KEY="a secret of at least thirty-two characters",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(DATA, "django.sqlite3"), "OPTIONS": {"timeout": 20}}},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    SESSION_COOKIE_AGE=int(IDLE) if IDLE else TTL,
    SESSION_SAVE_EVERY_REQUEST=IDLE is not None,
    SESSION_COOKIE_SECURE=PROXIED,
    CSRF_COOKIE_SECURE=PROXIED,
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https") if PROXIED else None,
)

import django

django.setup()

from django.contrib.auth import get_user_model, login, logout
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.urls import path

call_command("migrate", run_syncdb=True, verbosity=0)
for name in ("ada", "bob"):
    get_user_model().objects.get_or_create(username=name)


def pause(request):
    time.sleep(int(request.GET.get("ms", "0")) / 1000)


def me(request):
    return HttpResponse(request.user.username if request.user.is_authenticated else "")


def get(request):
    return HttpResponse(str(request.session.get("data-" + request.GET["key"], "")))


def private(request):
    return HttpResponse("the page of " + request.user.username)


def public(request):
    request.session["data-seen"] = "1"
    return HttpResponse("public", headers={"Cache-Control": "public, max-age=60"})


def token(request):
    return HttpResponse(get_token(request))


def set_value(request):
    request.session.get("opened")
    pause(request)
    request.session["data-" + request.GET["key"]] = request.GET["value"]
    return HttpResponse("ok")


def count(request):
    value = request.session.get("data-count", 0)
    pause(request)
    request.session["data-count"] = value + 1
    return HttpResponse(str(value + 1))


def log_in(request):
    login(request, get_user_model().objects.get(username=request.GET["user"]))
    return HttpResponse("ok")


def log_out(request):
    request.session.get("opened")
    pause(request)
    logout(request)
    return HttpResponse("ok")


def renew(request):
    request.session.get("opened")
    pause(request)
    request.session.cycle_key()
    return HttpResponse("ok")


def everywhere(_request):
    return HttpResponse(status=501)


urlpatterns = [
    path("me", me),
    path("get", get),
    path("private", private),
    path("public", public),
    path("token", token),
    path("set", set_value),
    path("count", count),
    path("login", log_in),
    path("logout", log_out),
    path("renew", renew),
    path("logout-everywhere", everywhere),
]
application = get_wsgi_application()
