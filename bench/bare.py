"""The yardstick: the ticket list with everything left out that the portal adds.

Same server and threads, one psycopg pool, the same session look-up and the same
rows by two plain statements as a role that row-level security doesn't restrict,
the same bytes through one Jinja template, compressed the same. No isolation, no
ORM, no macros, no translation.

BARE_PAGE names the HTML of the real page; whatever of its rows' columns stands in it
becomes a placeholder for the rows that this app reads itself. BARE_WHERE is the
list's condition on tickets as one would write it by hand.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from jinja2 import Environment, Template
from markupsafe import escape
from psycopg_pool import ConnectionPool

from portal.core.web.compress import compress

SESSION = """
SELECT s.id, s.user_id, u.name, u.locale, m.id AS membership_id, m.client_id, m.contact_id, t.id AS tenant_id,
       t.display_name, t.brand_version, t.support_email, t.support_phone,
       ARRAY(SELECT DISTINCT p.permission FROM role_permissions p WHERE p.tenant_id = t.id AND p.role_id IN (
           SELECT r.role_id FROM membership_roles r WHERE r.tenant_id = t.id AND r.membership_id = m.id
           UNION ALL
           SELECT r.role_id FROM staff_roles r WHERE r.tenant_id = t.id AND r.user_id = u.id
       )) AS permissions
FROM tenants t
JOIN sessions s ON s.tenant_id = t.id
JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
LEFT JOIN memberships m ON m.tenant_id = s.tenant_id AND m.id = s.membership_id
WHERE t.slug = %s AND s.token_hash = %s AND s.expires_at > now()
"""
ROWS = """
SELECT t.number, t.subject, t.phase, t.turn, t.updated_at, t.touched_at, st.name AS status, p.name AS priority,
       c.name AS client, k.name AS requester, f.display_name AS assignee
FROM tickets t
JOIN statuses st ON st.tenant_id = t.tenant_id AND st.id = t.status_id
JOIN priorities p ON p.tenant_id = t.tenant_id AND p.id = t.priority_id
JOIN clients c ON c.tenant_id = t.tenant_id AND c.id = t.client_id
JOIN contacts k ON k.tenant_id = t.tenant_id AND k.id = t.requester_contact_id
LEFT JOIN staff_profiles f ON f.tenant_id = t.tenant_id AND f.user_id = t.assignee_user_id
WHERE t.tenant_id = %(tenant_id)s {where}
ORDER BY t.{order} DESC, t.id DESC LIMIT 26
"""
COLUMNS = ("subject", "number", "client", "requester", "assignee", "status", "priority")
COOKIES = ("session", "msp")


def create_app() -> Flask:
    """The bare application; see the module for the environment it reads."""
    app = Flask("bare")
    pool = ConnectionPool(os.environ["BARE_DATABASE_URL"], min_size=8, max_size=8, open=True)
    condition = os.environ["BARE_WHERE"]
    templates: dict[str, Template] = {}

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    @app.get("/list")
    def show() -> Response:
        with pool.connection() as connection:
            cursor = connection.cursor(row_factory=_dicts)
            token = next(request.cookies[name] for name in COOKIES if name in request.cookies)
            hashed = hashlib.sha256(token.encode()).hexdigest()
            who = cursor.execute(SESSION, (request.host.split(".")[0], hashed)).fetchone()
            staff = who["client_id"] is None
            where = f"AND {condition}" if staff else f"AND t.client_id = %(client_id)s AND {condition}"
            order = "touched_at" if staff else "updated_at"
            rows = cursor.execute(ROWS.format(where=where, order=order), who).fetchall()
        if "page" not in templates:
            templates["page"] = template_of(Path(os.environ["BARE_PAGE"]).read_text(encoding="utf-8"), rows)
        return compress(request, Response(templates["page"].render(rows=rows), mimetype="text/html"))

    return app


def _dicts(cursor: Any) -> Any:
    from psycopg.rows import dict_row

    return dict_row(cursor)


def template_of(page: str, rows: list[dict[str, Any]]) -> Template:
    """The page with what its rows say replaced by placeholders. Raises ValueError where their subjects aren't in it."""
    found = 0
    page = page.replace("{", "&#123;")
    for place, row in enumerate(rows):
        for name in COLUMNS:
            text = str(escape(row[name] or ""))
            found += name == "subject" and text in page
            if f">{text}<" in page or name == "number":
                page = page.replace(text, f"{{{{ rows[{place}].{name} }}}}", 1)
    if found < len(rows) // 2:
        message = "the rows of the page are not the rows of the bare statement"
        raise ValueError(message)
    return Environment(autoescape=True).from_string(page)


app = create_app() if "BARE_PAGE" in os.environ else None
