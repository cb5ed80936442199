"""The rule for every cookie's name, and the two session cookies: one a side, each read only by its side."""

import hashlib
from typing import Literal

from flask import Request, Response

from portal.settings import Settings

Side = Literal["client", "msp"]
NAMES: dict[Side, str] = {"client": "session", "msp": "msp"}
SIGN_OUT = "/auth/signout"


def side_of(path: str) -> Side:
    """The side that an address belongs to."""
    first, _, rest = path.lstrip("/").partition("/")
    is_msp = first in {"msp", "admin"} or (first == "auth" and rest.split("/", 1)[0] == "msp")
    return "msp" if is_msp else "client"


def side_of_request(request: Request, settings: Settings) -> Side:
    """The side that a request belongs to: that of its address.

    One address serves both: the sign-out ends the session of the side that its form
    names, or else the one there is.
    """
    if request.path != SIGN_OUT:
        return side_of(request.path)
    named = request.form.get("side", "")
    if named not in NAMES:
        client, msp = (cookie_name(side, settings) in request.cookies for side in ("client", "msp"))
        named = "msp" if msp and not client else "client"
    return "msp" if named == "msp" else "client"


def other(side: Side) -> Side:
    """The side that this one is not."""
    return "client" if side == "msp" else "msp"


def host_bound(name: str, settings: Settings) -> str:
    """The name with `__Host-`, which no neighbouring host can set; it needs TLS and is dropped on plain http only."""
    return name if settings.public_scheme == "http" else f"__Host-{name}"


def cookie_name(side: Side, settings: Settings) -> str:
    """`__Host-session` or `__Host-msp`, by the rule of `host_bound`."""
    return host_bound(NAMES[side], settings)


def token_hash(token: str) -> str:
    """What the database keeps of a token: SHA-256 in hex; empty for an absent or overlong one."""
    if not token or len(token) > 128:  # noqa: PLR2004  # ours have 43 characters
        return ""
    return hashlib.sha256(token.encode()).hexdigest()


def read_hash(request: Request, side: Side, settings: Settings) -> str:
    """The hash of the side's session token, empty where none was sent."""
    return token_hash(request.cookies.get(cookie_name(side, settings), ""))


def set_token(response: Response, side: Side, token: str, settings: Settings, *, seconds: int) -> None:
    """Hand the browser its session token."""
    response.set_cookie(
        cookie_name(side, settings), token, max_age=seconds, path="/",
        secure=settings.public_scheme == "https", httponly=True, samesite="Lax",
    )  # fmt: skip


def drop_token(response: Response, side: Side, settings: Settings) -> None:
    """Make the browser forget its session token."""
    response.delete_cookie(
        cookie_name(side, settings), path="/",
        secure=settings.public_scheme == "https", httponly=True, samesite="Lax",
    )  # fmt: skip
