"""How the application is put together: settings → extensions → core → domains."""

import os
from datetime import timedelta

from portal import domains
from portal.core import clock, logs, metrics, policy
from portal.core.tenancy import session
from portal.core.web import (
    compress,
    csrf,
    edge,
    errors,
    figures,
    flashes,
    headers,
    health,
    limits,
    locale,
    pace,
    proxies,
    rotation,
    templating,
)
from portal.core.web.assets import serve_static
from portal.extensions import db, login, migrate
from portal.settings import ROOT, Settings, read

__all__ = ["build"]

MEGABYTE = 1024 * 1024


def build(settings: Settings | None = None) -> edge.Portal:
    """The application for these settings, read from the environment where none are given.

    It opens no connection: roles and migrations are checked where web and worker
    start. Raises SettingsError, and RuntimeError for a view without a rule.
    """
    settings = settings or read(os.environ)
    templates = str(ROOT / "templates")
    app = edge.Portal("portal", root_path=str(ROOT / "portal"), static_folder=None, template_folder=templates)
    app.extensions["settings"] = settings
    app.config.update(_config(settings))
    logs.configure(settings)
    clock.use_clock_file(settings.clock_file)
    _extensions(app)
    _core(app, settings)
    domains.register(app, settings)
    policy.check_every_view(app)
    return app


def _config(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_keys[0],
        "SECRET_KEY_FALLBACKS": list(settings.secret_keys[1:]),
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_size": settings.web_threads,
            "max_overflow": 2,
            "pool_timeout": 10,
            "pool_recycle": 1800,
            "hide_parameters": True,  # errors' texts must not carry people's data into the logs
            "connect_args": {"connect_timeout": 5, "application_name": "portal"},
        },
        "MAX_CONTENT_LENGTH": 110 * MEGABYTE,
        "MAX_FORM_MEMORY_SIZE": MEGABYTE,
        "MAX_FORM_PARTS": 100,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=1),
        "PREFERRED_URL_SCHEME": settings.public_scheme,
    }


def _extensions(app: edge.Portal) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    login.init_app(app, add_context_processor=False)
    session.install()


def _core(app: edge.Portal, settings: Settings) -> None:
    proxies.install(app, settings)
    logs.register(app)
    if settings.metrics_address:
        metrics.register(app)
    limits.register(app)
    pace.register(app)
    edge.install(app)
    headers.register(app)
    rotation.install(app)
    csrf.register(app)
    compress.register(app)
    errors.install(app)
    locale.install(app)
    figures.install(app)
    flashes.install(app)
    templating.install(app)
    health.install(app)
    serve_static(app)
