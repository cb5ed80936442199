"""Settings: one frozen, typed object, read once from the environment.

`read` looks at every variable before it complains, so that an operator sees
all faults in one go. Nothing else in the program reads the environment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar, cast

from flask import current_app

from portal import settings_rules as rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Value = TypeVar("Value")
Env = Literal["production", "development", "test"]
Scheme = Literal["http", "https"]

ROOT = Path(__file__).resolve().parent.parent
"""The repository's (or image's) folder: templates, static files and migrations lie in it."""
HTTPS_PORT = 443
HTTP_PORT = 80


class SettingsError(Exception):
    """The environment is not fit to start with; `faults` holds one line for each reason."""

    def __init__(self, faults: list[str]) -> None:
        """Keep the faults and join them, one a line."""
        self.faults = faults
        super().__init__("\n".join(faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator decided; `.env.example` tells what each variable means."""

    env: Env
    database_url: str = field(repr=False)
    database_owner_url: str | None = field(default=None, repr=False)
    redis_url: str = field(repr=False)
    secret_keys: tuple[str, ...] = field(repr=False)
    encryption_keys: tuple[bytes, ...] = field(repr=False)
    base_domain: str = "localhost"
    mail_url: str = field(repr=False)
    storage_url: str = field(repr=False)
    stripe_api_base: str | None = None
    var_dir: Path
    port: int = 8000
    trusted_proxies: tuple[rules.Network, ...] = ()
    country_header: str | None = None
    dns_resolvers: tuple[tuple[str, int], ...] = ()
    sentry_dsn: str | None = field(default=None, repr=False)
    otel_exporter_otlp_endpoint: str | None = None
    log_level: str = "INFO"
    clock_file: Path | None = None
    public_scheme: Scheme = "https"
    public_port: int = HTTPS_PORT
    metrics_address: tuple[str, int] | None = None
    web_concurrency: int = 2
    web_threads: int = 8
    workers: int = 2
    requests_per_address: int = 0
    requests_per_session: int = 0

    @property
    def is_production(self) -> bool:
        """Whether real clients may be at the other end."""
        return self.env == "production"

    def origin(self, host: str) -> str:
        """`scheme://host[:port]` as people type it; the port only where it isn't the scheme's own."""
        usual = HTTPS_PORT if self.public_scheme == "https" else HTTP_PORT
        port = "" if self.public_port == usual else f":{self.public_port}"
        return f"{self.public_scheme}://{host}{port}"


class _Reader:
    """Takes variables out of the environment and collects faults instead of stopping at the first."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[str] = []

    def text(self, name: str) -> str | None:
        """The variable's value without blanks around it; None where unset or empty."""
        return self.environ.get(name, "").strip() or None

    def take(self, name: str, parse: Callable[[str], Value], default: Value) -> Value:
        """The parsed value; the default where unset or where a fault was noted."""
        value = self.text(name)
        if value is None:
            return default
        try:
            return parse(value)
        except ValueError as error:
            self.faults.append(f"{name} {error}")
            return default

    def need(self, name: str, parse: Callable[[str], Value], default: Value, hint: str) -> Value:
        """Like `take`, but a missing variable is a fault; the hint says how to get one."""
        if self.text(name) is None:
            self.faults.append(f"{name} is missing: {hint}")
        return self.take(name, parse, default)


def read(environ: Mapping[str, str]) -> Settings:
    """Settings from the given environment. Raises SettingsError naming every fault at once."""
    reader = _Reader(environ)
    env = cast("Env", reader.take("PORTAL_ENV", rules.one_of("production", "development", "test"), "production"))
    strict = env == "production"
    var_dir = reader.take("VAR_DIR", _folder, ROOT / "var")
    port = reader.take("PORT", rules.port, 8000)
    scheme = reader.take("PUBLIC_SCHEME", rules.one_of("http", "https"), "https" if strict else "http")
    hint = rules.HINTS[env]
    settings = Settings(
        env=env,
        var_dir=var_dir,
        port=port,
        public_scheme=cast("Scheme", scheme),
        public_port=reader.take("PUBLIC_PORT", rules.port, HTTPS_PORT if strict else port),
        database_url=reader.need("DATABASE_URL", rules.database_url(strict=strict), "", hint["DATABASE_URL"]),
        database_owner_url=reader.take("DATABASE_OWNER_URL", rules.database_url(strict=strict), None),
        redis_url=reader.need("REDIS_URL", rules.redis_url, "", hint["REDIS_URL"]),
        secret_keys=reader.need("SECRET_KEYS", rules.secret_keys(strict=strict), (), hint["SECRET_KEYS"]),
        encryption_keys=reader.need(
            "ENCRYPTION_KEYS", rules.encryption_keys(strict=strict), (), hint["ENCRYPTION_KEYS"]
        ),
        base_domain=reader.take("BASE_DOMAIN", rules.domain, "localhost"),
        mail_url=reader.take("MAIL_URL", rules.mail_url(var_dir), f"file://{var_dir / 'mail'}"),
        storage_url=reader.take("STORAGE_URL", rules.storage_url(var_dir), f"file://{var_dir / 'storage'}"),
        stripe_api_base=reader.take("STRIPE_API_BASE", rules.http_url(strict=strict), None),
        trusted_proxies=reader.take("TRUSTED_PROXIES", rules.networks, ()),
        country_header=reader.take("COUNTRY_HEADER", rules.header_name, None),
        dns_resolvers=reader.take("DNS_RESOLVERS", rules.resolvers, ()),
        sentry_dsn=reader.take("SENTRY_DSN", rules.http_url(strict=False), None),
        otel_exporter_otlp_endpoint=reader.take("OTEL_EXPORTER_OTLP_ENDPOINT", rules.http_url(strict=False), None),
        log_level=reader.take("LOG_LEVEL", rules.log_level, "INFO"),
        clock_file=reader.take("PORTAL_CLOCK_FILE", rules.clock_file(strict=strict), None),
        metrics_address=reader.take("METRICS_ADDRESS", rules.address, None),
        web_concurrency=reader.take("WEB_CONCURRENCY", rules.count, 2),
        web_threads=reader.take("WEB_THREADS", rules.count, 8),
        workers=reader.take("WORKERS", rules.count, 2),
        requests_per_address=reader.take("REQUESTS_PER_ADDRESS", rules.requests, 6000 if strict else 0),
        requests_per_session=reader.take("REQUESTS_PER_SESSION", rules.requests, 1200 if strict else 0),
    )
    if reader.faults:
        raise SettingsError(reader.faults)
    return settings


def current() -> Settings:
    """The running application's settings. Raises RuntimeError outside an application context."""
    return cast("Settings", current_app.extensions["settings"])


def _folder(value: str) -> Path:
    """A folder; a relative one lies in the repository's folder, wherever the command was typed."""
    return (ROOT / Path(value).expanduser()).resolve()
