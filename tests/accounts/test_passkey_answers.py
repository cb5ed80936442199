"""What a browser sends as a passkey's answer may have been made by hand: it is refused, and never a fault of ours."""

import hashlib
import json
import struct
from typing import Any

import cbor2
import pytest

from tests.accounts.steps import Visit
from tests.accounts.test_invited_passkeys import BY_PASSKEY, form_of, stranger
from tests.identity.authenticator import ATTESTED, PRESENT, VERIFIED, Device, packed
from tests.identity.steps import SIGN_IN
from tests.pages import Visitor

__all__ = ["stranger"]


@pytest.mark.parametrize("named", ["", "\x00", "\ud800", "Gr\u00f6\u00dfe", "a b", "a\n", "x" * 1401, "x" * 19_000])
@pytest.mark.parametrize("side", ["client", "msp"])
def test_a_name_that_no_passkey_has(visit: Visit, side: str, named: str) -> None:
    """Before anybody is signed in: the text goes into a look-up, in which PostgreSQL takes no NUL."""
    who = visit()
    page = who.get(SIGN_IN[side])
    path = page.dom.select_one("form[action$='/passkey']")["action"]
    answer = json.dumps({"id": named, "rawId": named, "type": "public-key", "response": {}})
    assert who.post(path, page.form("/passkey") | {"credential": answer}).status == 422


def _attested(key: Any, **more: Any) -> str:
    flags = struct.pack(">BI", PRESENT | VERIFIED | ATTESTED, 0)
    held = bytes(16) + struct.pack(">H", 4) + b"name" + key
    data = hashlib.sha256(b"harbor.localhost").digest() + flags + held
    return packed(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data} | more))


KEY = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: bytes(32), -3: bytes(32)})
MADE_UP = {
    "nothing": packed(b""),
    "no map": packed(cbor2.dumps([])),
    "an empty map": packed(cbor2.dumps({})),
    "no data": _attested(KEY, authData=b""),
    "data in words": _attested(KEY, authData="words"),
    "a key that is none": _attested(b""),
    "a key that is a list": _attested(cbor2.dumps([1])),
    "a key that is a number": _attested(cbor2.dumps(1)),
    "a key of an unknown kind": _attested(cbor2.dumps({1: "x"})),
    "a number for a format": _attested(KEY, fmt=1, attStmt=[]),
    "a certificate that is none": _attested(KEY, fmt="packed", attStmt={"x5c": [b"no"], "sig": b"", "alg": -7}),
    "a number for certificates": _attested(KEY, fmt="android-key", attStmt={"x5c": 5, "sig": 1, "alg": "x"}),
    "a chip's statement without its parts": _attested(KEY, fmt="tpm", attStmt={"x5c": [b"no"], "ver": 1}),
}


@pytest.mark.parametrize("made_up", MADE_UP)
def test_an_attestation_that_no_device_makes(stranger: Visitor, made_up: str) -> None:
    data = form_of(stranger, Device())
    answer = json.loads(data["credential"])
    answer["response"]["attestationObject"] = MADE_UP[made_up]
    assert stranger.post(BY_PASSKEY, data | {"credential": json.dumps(answer)}).status == 422
