"""What every template may use: macros' helpers, never queries, never the request."""

from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import StrictUndefined

from portal.core.web import dom, figures, phrases, slots
from portal.core.web.assets import asset, stylesheets
from portal.core.web.place import here


class Templates(Environment):
    """Jinja's environment, whose templates have its own globals and no others."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """The globals themselves. Jinja's chain of maps is compared name by name at every import of a macro."""
        return self.globals if d is None else super().make_globals(d)


remembered = lru_cache(maxsize=1024, typed=True)
"""For macros that are a function of their arguments alone: no words, no addresses, nothing of the page. Typed, so that
a text and the same text as finished HTML are two."""


def install(app: Flask) -> None:
    """Set the environment of an app's templates."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.globals.update(
        asset=asset, stylesheets=stylesheets, dom_id=dom.dom_id, panels=slots.panels, remembered=remembered
    )
    phrases.install(app)
    figures.install(app)
    app.context_processor(lambda: {"place": here()})
