"""A real OpenID provider for the tests: Django and django-oauth-toolkit in a process of their own, on loopback.

    python tests/identity_provider.py FOLDER REDIRECT_URI

makes a database in the folder, one user and one client, prints a line of JSON that says how it is reached, and answers
until its input is closed. Consent is skipped, everything else is as the library does it.
"""

import json
import secrets
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from joserfc.jwk import RSAKey

USER, PASSWORD, CLIENT = "wei", "at the provider's", "linli"

LOGIN_PAGE = "<form method=post>{% csrf_token %}{{ form.as_p }}<button>in</button></form>"


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Say nothing."""


def configure(folder: Path, issuer: str) -> None:
    """Django's settings."""
    settings: Any = import_module("django.conf").settings
    settings.configure(
        SECRET_KEY=secrets.token_hex(),
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        ROOT_URLCONF=sys.modules[__name__],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "provider.sqlite3"}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [("django.template.loaders.locmem.Loader", {"registration/login.html": LOGIN_PAGE})],
                    "context_processors": ["django.template.context_processors.request"],
                },
            }
        ],
        LOGIN_URL="/login/",
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_ISS_ENDPOINT": issuer,
            "OIDC_RSA_PRIVATE_KEY": RSAKey.generate_key(2048).as_pem(private=True).decode(),
            "SCOPES": {"openid": "who it is"},
            "PKCE_REQUIRED": True,
        },
    )
    import_module("django").setup()


def routes() -> list[Any]:
    """The addresses."""
    urls: Any = import_module("django.urls")
    login: Any = import_module("django.contrib.auth.views").LoginView
    return [
        urls.path("o/", urls.include("oauth2_provider.urls", namespace="oauth2_provider")),
        urls.path("login/", login.as_view()),
    ]


def people_and_client(redirect_uri: str) -> dict[str, str]:
    """One user, one client that skips consent."""
    import_module("django.core.management").call_command("migrate", verbosity=0)
    user: Any = import_module("django.contrib.auth").get_user_model().objects.create_user(USER, password=PASSWORD)
    application: Any = import_module("oauth2_provider.models").get_application_model()
    secret = secrets.token_urlsafe()
    application.objects.create(
        client_id=CLIENT,
        client_secret=secret,
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris=redirect_uri,
        algorithm="RS256",
        skip_authorization=True,
    )
    return {"client_id": CLIENT, "client_secret": secret, "subject": str(user.pk)}


def _nothing_yet(_environ: object, _start: object) -> list[bytes]:
    return []


def main(folder: Path, redirect_uri: str) -> None:
    """Answer until the input is closed."""
    server = make_server("127.0.0.1", 0, _nothing_yet, handler_class=_Silent)
    issuer = f"http://127.0.0.1:{server.server_port}/o"
    configure(folder, issuer)
    globals()["urlpatterns"] = routes()
    said = people_and_client(redirect_uri)
    server.set_app(import_module("django.core.wsgi").get_wsgi_application())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"issuer": issuer, **said}), flush=True)  # noqa: T201 - to whoever has started it
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
