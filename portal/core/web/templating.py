"""What every template may use: macros' helpers, never queries, never the request."""

from flask import Flask
from jinja2 import StrictUndefined

from portal.core.web import dom, figures, slots
from portal.core.web.assets import asset
from portal.core.web.place import here


def install(app: Flask) -> None:
    """Set the environment of an app's templates."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.globals.update(asset=asset, dom_id=dom.dom_id, panels=slots.panels)
    figures.install(app)
    app.context_processor(lambda: {"place": here()})
