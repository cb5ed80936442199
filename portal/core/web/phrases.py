"""Words of templates in the reader's language, found at the price of a dictionary.

Flask-Babel's own callables go through a call of Jinja's for each layer and look the
language up anew for each word; a page has a hundred. Here a request remembers its
catalogue, and a catalogue its finished phrases.
"""

from functools import cached_property, lru_cache
from typing import Any

from flask import Flask, current_app, g, has_app_context
from flask_babel import Babel, Domain, get_translations
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

_PHRASES, _PARTS = 4096, 64


class Language(Babel):  # type: ignore[misc]  # untyped
    """Flask-Babel, whose `gettext` in Python looks for the catalogue where templates do."""

    @cached_property
    def domain_instance(self) -> Domain:
        """The one domain of the product."""
        return _Domain(domain=self.domain)


class _Domain(Domain):  # type: ignore[misc]  # untyped
    def gettext(self, string: str, **variables: Any) -> str:
        text: str = _catalogue().ugettext(string) if has_app_context() else string
        return text % variables if variables else text


def install(app: Flask) -> None:
    """Give an app's templates the words. To be called after Babel and Jinja's own extension are in."""
    app.jinja_env.globals.update(_=gettext, gettext=gettext, ngettext=ngettext, pgettext=pgettext, spoken=spoken)


@pass_eval_context
def gettext(context: EvalContext, words: str, /, **values: Any) -> str:
    """The words with their values, escaped where the template escapes."""
    if values or not context.autoescape:
        return _filled(context, _catalogue().ugettext(words), values)
    return _phrase(_catalogue(), words)


@pass_eval_context
def ngettext(context: EvalContext, one: str, many: str, num: int, /, **values: Any) -> str:
    """The words for so many."""
    return _filled(context, _catalogue().ungettext(one, many, num), {"num": num, **values})


@pass_eval_context
def pgettext(context: EvalContext, meaning: str, words: str, /, **values: Any) -> str:
    """The words in this meaning."""
    return _filled(context, _catalogue().upgettext(meaning, words), values)


def spoken(template: str) -> Markup:
    """A part of a page that wants nothing but the reader's language."""
    return _part(_catalogue(), template)


def _catalogue() -> Any:  # Babel's translations are untyped here
    """The catalogue of the reader's language, which stays the same within an application context."""
    catalogue = g.get("catalogue")
    if catalogue is None:
        catalogue = g.catalogue = get_translations()
    return catalogue


def _filled(context: EvalContext, text: str, values: dict[str, Any]) -> str:
    """Always a pattern, with values or without, as Jinja's own newstyle callables have it."""
    return (Markup(text) if context.autoescape else text) % values  # noqa: S704  # our own catalogues; values are escaped


@lru_cache(maxsize=_PHRASES)
def _phrase(catalogue: Any, words: str) -> Markup:
    """Words without values, once for each catalogue: the object itself is the key, so no language meets another."""
    return Markup(catalogue.ugettext(words)) % {}  # noqa: S704  # our own catalogues


@lru_cache(maxsize=_PARTS)
def _part(_catalogue: Any, template: str) -> Markup:
    """See `spoken`: drawn once for each catalogue."""
    return Markup(current_app.jinja_env.get_template(template).render())  # noqa: S704  # our own template's output
