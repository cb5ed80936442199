"""For machines, on any host: whether the process lives, whether it can serve, whether a host is ours.

`/healthz`, `/readyz` and `/hostz?domain=` in this order.
"""

from flask import Blueprint, Flask, Response, jsonify, request
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from portal.core import readiness
from portal.core.policy import public
from portal.core.tenancy import doors
from portal.core.tenancy.session import transaction
from portal.core.web.hosts import Named, named
from portal.settings import current

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public("machine", because="an orchestrator asks whether the process answers; it says nothing else")
def healthz() -> Response:
    """200 while the process answers at all."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public("machine", because="a balancer asks whether to send requests; it names parts, no content")
def readyz() -> Response:
    """200 when database, its version and storage are in order; Redis is reported but not needed to serve."""
    parts = {"database": _tried(readiness.database_is_current), "storage": _tried(readiness.storage_answers)}
    extra = {"redis": _tried(readiness.redis_answers)}
    response = jsonify(status="ok" if all(parts.values()) else "unavailable", **parts, **extra)
    response.status_code = 200 if all(parts.values()) else 503
    return response


@bp.get("/hostz")
@public("machine", because="a proxy asks before it gets a certificate; opening the host would tell anybody the same")
def hostz() -> Response:
    """200 where we answer at the host named by `domain`, else 404."""
    name = named(request.args.get("domain", ""), current().base_domain)
    is_known = name is not None and _is_ours(name)
    response = jsonify(status="ok" if is_known else "unknown")
    response.status_code = 200 if is_known else 404
    return response


def _is_ours(name: Named) -> bool:
    if name.is_base:
        return True
    with transaction(None):
        return doors.tenant_of_host(slug=name.slug, host=name.host) is not None


def _tried(check: "readiness.Check") -> bool:
    try:
        return check()
    except (SQLAlchemyError, RedisError, OSError):
        return False


def install(app: Flask) -> None:
    """Register the addresses."""
    app.register_blueprint(bp)
