"""What this domain brings into the application."""

from flask import Flask

from portal.settings import Settings
from portal.tenants import base_views, brand_views


def register(app: Flask, settings: Settings) -> None:
    """Add the brand's files and, outside production, the front page of the bare base domain."""
    app.register_blueprint(brand_views.bp)
    if not settings.is_production:
        app.register_blueprint(base_views.bp)
