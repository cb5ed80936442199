"""A passkey in software: what a browser and its device answer, made and signed as the standard says."""

import base64
import hashlib
import json
import secrets
import struct
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def packed(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Device:
    """A device that holds one passkey. `verifies`: it asks its person for a finger, a face or a PIN."""

    def __init__(self, *, verifies: bool = True) -> None:
        self.flags = PRESENT | (VERIFIED if verifies else 0)
        self.id = secrets.token_bytes(16)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.count = 0

    def make(self, options: str, *, origin: str, **said: Any) -> str:
        """The answer to options for making a passkey; `said` goes in place of what the browser would say."""
        asked = json.loads(options)
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}
        holds = bytes(16) + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(cose)
        data = self._data(asked["rp"]["id"], ATTESTED) + holds
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", asked, origin, said)
        return self._answer(client, attestationObject=packed(attested), transports=["internal"])

    def prove(self, options: str, origin: str, **said: Any) -> str:
        """The answer to options for proving the passkey."""
        asked = json.loads(options)
        self.count += 1
        data, client = self._data(asked["rpId"]), self._client("webauthn.get", asked, origin, said)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(client, authenticatorData=packed(data), signature=packed(signature))

    def _data(self, host: str, more: int = 0) -> bytes:
        return hashlib.sha256(host.encode()).digest() + struct.pack(">BI", self.flags | more, self.count)

    def _client(self, kind: str, asked: dict[str, Any], origin: str, said: dict[str, Any]) -> bytes:
        usual = {"type": kind, "challenge": asked["challenge"], "origin": origin, "crossOrigin": False}
        return json.dumps(usual | said).encode()

    def _answer(self, client: bytes, **response: Any) -> str:
        told = {"clientDataJSON": packed(client), **response}
        return json.dumps({"id": packed(self.id), "rawId": packed(self.id), "type": "public-key", "response": told})
