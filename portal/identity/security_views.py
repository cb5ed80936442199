"""Settings, security: the password, the second step, passkeys and recovery codes of the person at hand."""

import uuid

from flask import Response

from portal.core.policy import allow
from portal.identity import security
from portal.identity.blueprint import bp


@bp.get("/settings/security")
@allow("client", None)
def client_security() -> Response:
    """A client's own ways to sign in."""
    return security.overview("client")


@bp.get("/settings/security/app")
@allow("client", None, fresh=True)
def client_app() -> Response:
    """The page for setting up an authenticator app."""
    return security.offer_app("client")


@bp.post("/settings/security/app")
@allow("client", None, fresh=True)
def client_add_app() -> Response:
    """The first code of the app."""
    return security.add_app("client")


@bp.post("/settings/security/app/removal")
@allow("client", None, fresh=True)
def client_remove_app() -> Response:
    """Take the app away."""
    return security.remove_app("client")


@bp.get("/settings/security/passkeys/new")
@allow("client", None, fresh=True)
def client_new_passkey() -> Response:
    """The page for making a passkey."""
    return security.offer_passkey("client")


@bp.post("/settings/security/passkeys/new")
@allow("client", None, fresh=True)
def client_add_passkey() -> Response:
    """The passkey that was made."""
    return security.add_passkey("client")


@bp.post("/settings/security/passkeys/<uuid:passkey_id>/removal")
@allow("client", None, of="passkey", fresh=True)
def client_remove_passkey(passkey_id: uuid.UUID) -> Response:
    """Take a passkey away."""
    return security.remove_passkey("client", passkey_id)


@bp.post("/settings/security/codes")
@allow("client", None, fresh=True)
def client_new_codes() -> Response:
    """Ten new recovery codes."""
    return security.make_codes("client")


@bp.get("/msp/settings/security")
@allow("staff", None)
def msp_security() -> Response:
    """A staff member's own ways to sign in."""
    return security.overview("msp")


@bp.get("/msp/settings/security/app")
@allow("staff", None, fresh=True)
def msp_app() -> Response:
    """The page for setting up an authenticator app."""
    return security.offer_app("msp")


@bp.post("/msp/settings/security/app")
@allow("staff", None, fresh=True)
def msp_add_app() -> Response:
    """The first code of the app."""
    return security.add_app("msp")


@bp.post("/msp/settings/security/app/removal")
@allow("staff", None, fresh=True)
def msp_remove_app() -> Response:
    """Take the app away."""
    return security.remove_app("msp")


@bp.get("/msp/settings/security/passkeys/new")
@allow("staff", None, fresh=True)
def msp_new_passkey() -> Response:
    """The page for making a passkey."""
    return security.offer_passkey("msp")


@bp.post("/msp/settings/security/passkeys/new")
@allow("staff", None, fresh=True)
def msp_add_passkey() -> Response:
    """The passkey that was made."""
    return security.add_passkey("msp")


@bp.post("/msp/settings/security/passkeys/<uuid:passkey_id>/removal")
@allow("staff", None, of="passkey", fresh=True)
def msp_remove_passkey(passkey_id: uuid.UUID) -> Response:
    """Take a passkey away."""
    return security.remove_passkey("msp", passkey_id)


@bp.post("/msp/settings/security/codes")
@allow("staff", None, fresh=True)
def msp_new_codes() -> Response:
    """Ten new recovery codes."""
    return security.make_codes("msp")
