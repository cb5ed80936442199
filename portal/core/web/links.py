"""Addresses for what leaves the house: mails and files, made where no request says which host was asked."""

from flask import current_app

from portal.core.web.place import here


def link(endpoint: str, **values: object) -> str:
    """The full address of a page at the tenant's own name.

    It begins with the place's origin, which is made of the tenant's slug or its
    verified domain, never of a Host header. Raises BuildError for a page that
    doesn't exist.
    """
    return here().origin + current_app.url_map.bind("").build(endpoint, values)
