"""A real OpenID Connect issuer, built with Authlib's server side, in a thread of its own on loopback.

It has discovery, PKCE, nonce, codes that are good once, keys that can be changed,
and a lever for each thing that a broken or hostile issuer does.
"""

import os
import threading
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode
from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # it is loopback
APP_ID, SECRET = "portal-app", "portal-app-secret"


class _Client:
    """The one app that is registered."""

    client_id = APP_ID
    client_secret = SECRET
    redirect_uri = ""

    def get_client_id(self) -> str:
        return APP_ID

    def get_default_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return urlsplit(redirect_uri).path.startswith("/auth/sso/")

    def check_client_secret(self, secret: str) -> bool:
        return secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return endpoint == "token" and method == "client_secret_basic"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class _Code:
    """A code that was given out."""

    def __init__(self, asked: Any, claims: dict[str, Any]) -> None:
        data = asked.payload.data
        self.redirect_uri = data.get("redirect_uri", "")
        self.scope = data.get("scope", "")
        self.nonce = data.get("nonce")
        self.code_challenge = data.get("code_challenge")
        self.code_challenge_method = data.get("code_challenge_method")
        self.claims = claims
        self.auth_time = int(time.time())

    def is_expired(self) -> bool:
        return False

    def get_redirect_uri(self) -> str:
        return str(self.redirect_uri)

    def get_scope(self) -> str:
        return str(self.scope)

    def get_nonce(self) -> Any:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> Any:
        return self.claims.get("amr")


class Issuer:
    """The issuer. `claims`: who signs in next. `spoil`: what is wrong with the ID token. `asked`: paths, in order."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.spoil: dict[str, Any] = {}
        self.asked: list[str] = []
        self.codes: dict[str, _Code] = {}
        self.said: dict[str, Any] = {}
        self.announced = ""
        self.rotate()
        self.app = self._made()
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def rotate(self) -> None:
        """From now on another key signs, and only that one is announced."""
        self.key = RSAKey.generate_key(2048, {"kid": f"key-{time.monotonic_ns()}", "use": "sig", "alg": "RS256"})

    def _made(self) -> Flask:  # noqa: C901  # a server is the sum of its routes
        app = Flask("issuer")
        issuer = self

        class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
            TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]  # noqa: RUF012

            def save_authorization_code(self, code: str, request: Any) -> None:
                issuer.codes[code] = _Code(request, dict(issuer.claims))

            def query_authorization_code(self, code: str, client: Any) -> _Code | None:  # noqa: ARG002  # Authlib's shape
                return issuer.codes.get(code)

            def delete_authorization_code(self, authorization_code: _Code) -> None:
                issuer.codes = {code: kept for code, kept in issuer.codes.items() if kept is not authorization_code}

            def authenticate_user(self, authorization_code: _Code) -> dict[str, Any]:
                return authorization_code.claims

        class IdToken(OpenIDCode):  # type: ignore[misc]
            def exists_nonce(self, nonce: str, request: Any) -> bool:  # noqa: ARG002  # same
                return False

            def encode_id_token(self, token: Any, request: Any) -> str:  # noqa: ARG002  # same
                return issuer.signed(request.authorization_code)

        server = AuthorizationServer(app, query_client=lambda _id: _Client(), save_token=lambda _token, _request: None)
        server.register_grant(CodeGrant, [CodeChallenge(required=True), IdToken(require_nonce=True)])

        @app.before_request
        def note() -> None:
            issuer.asked.append(request.path)

        @app.get("/.well-known/openid-configuration")
        def discovery() -> Response:
            return jsonify({
                "issuer": issuer.announced or issuer.url,
                "authorization_endpoint": f"{issuer.url}/authorize",
                "token_endpoint": f"{issuer.url}/token",
                "jwks_uri": f"{issuer.url}/jwks",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "code_challenge_methods_supported": ["S256"],
                **issuer.said,
            })  # fmt: skip

        @app.get("/jwks")
        def jwks() -> Response:
            return jsonify(KeySet([issuer.key]).as_dict(private=False))

        @app.get("/authorize")
        def authorize() -> Any:
            if "code_challenge" not in request.args or not request.args.get("nonce"):
                return Response("PKCE and nonce are required", 400)
            grant = server.get_consent_grant(end_user=issuer.claims)
            return server.create_authorization_response(grant_user=issuer.claims, grant=grant)

        @app.post("/token")
        def token() -> Any:
            return server.create_token_response()

        @app.get("/elsewhere")
        def elsewhere() -> Any:
            return redirect(f"{issuer.url}/jwks")

        return app

    def signed(self, code: _Code) -> str:
        """The ID token, as it should be or spoiled."""
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": APP_ID, "iat": now, "exp": now + 300, "nonce": code.nonce, **code.claims,
        }  # fmt: skip
        spoiled = {**claims, **self.spoil.get("claims", {})}
        for name in self.spoil.get("without", ()):
            spoiled.pop(name, None)
        key = self.spoil.get("key", self.key)
        header = {"alg": self.spoil.get("alg", "RS256"), "kid": key.kid or self.key.kid, "typ": "JWT"}
        return jwt.encode(header, spoiled, key, algorithms=["RS256", "HS256", "none"])


def answer_of(location: str) -> str:
    """Path and query to which the issuer sends a browser back."""
    parts = urlsplit(location)
    return f"{parts.path}?{parts.query}"


def with_query(path: str, **changes: str) -> str:
    """The address with some of its query changed."""
    parts = urlsplit(path)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | changes
    return f"{parts.path}?{urlencode(query)}"
