"""Whether the process lives (`/healthz`) and whether it can serve (`/readyz`), on any host, for machines."""

from flask import Blueprint, Flask, Response, jsonify
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from portal.core import readiness
from portal.core.policy import public

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


def _tried(check: "readiness.Check") -> bool:
    try:
        return check()
    except (SQLAlchemyError, RedisError, OSError):
        return False


def install(app: Flask) -> None:
    """Register the two addresses."""
    app.register_blueprint(bp)
