"""A crowd of tickets, made in the database itself: a tenth open, a fifth nobody's, evenly over clients and time."""

import psycopg

from tests.databases import Database
from tests.world import ADMIN, TECH

CLIENTS = """
INSERT INTO clients (tenant_id, id, number, name, email_domain, phone, is_active, portal_access, created_at)
SELECT %(tenant)s, gen_random_uuid(), 3000000 + place, 'Client ' || place, '', '', true, true, now()
FROM generate_series(1, %(clients)s) AS place
"""
CONTACTS = """
INSERT INTO contacts (tenant_id, id, client_id, name, email, email_key, phone, title, is_primary, is_active,
    portal_access, created_at)
SELECT tenant_id, gen_random_uuid(), id, 'Person ' || place, '', '', '', '', false, true, true, now()
FROM clients, generate_series(1, 200) AS place WHERE tenant_id = %(tenant)s AND number > 3000000
"""
TICKETS = """
WITH people AS (
    SELECT k.id, k.client_id, row_number() OVER (ORDER BY k.id) - 1 AS place, count(*) OVER () AS total
    FROM contacts k JOIN clients c ON c.tenant_id = k.tenant_id AND c.id = k.client_id
    WHERE k.tenant_id = %(tenant)s AND c.number > 3000000
)
INSERT INTO tickets (tenant_id, id, client_id, number, subject, board_id, status_id, priority_id, requester_contact_id,
    opened_by_contact_id, assignee_user_id, phase, is_private, public_version, version, opened_at, updated_at,
    touched_at)
SELECT %(tenant)s, gen_random_uuid(), people.client_id, 3000000 + n, 'Something is wrong with thing ' || n,
    (SELECT id FROM boards WHERE tenant_id = %(tenant)s AND is_default),
    (SELECT id FROM statuses WHERE tenant_id = %(tenant)s AND category = 'open'),
    (SELECT id FROM priorities WHERE tenant_id = %(tenant)s AND is_default), people.id, people.id,
    CASE n %% 5 WHEN 0 THEN NULL WHEN 1 THEN %(tech)s ELSE %(admin)s END,
    CASE WHEN n %% 20 = 0 THEN 'with_us' WHEN n %% 20 = 7 THEN 'waiting_on_client' ELSE 'done' END, false,
    1, 1, at, at, at
FROM generate_series(1, %(tickets)s) AS n
CROSS JOIN LATERAL (SELECT now() - (%(tickets)s - n) * interval '1 minute' AS at) AS moment
JOIN people ON people.place = (n * 7919::bigint) %% people.total
"""
PEOPLE = """
INSERT INTO ticket_people (tenant_id, id, client_id, ticket_id, contact_id, part, created_at)
SELECT tenant_id, gen_random_uuid(), client_id, id, requester_contact_id, 'requester', opened_at
FROM tickets WHERE tenant_id = %(tenant)s AND number > 3000000
"""
LETTERS = """
INSERT INTO comments (tenant_id, id, client_id, ticket_id, author_contact_id, body, created_at, visibility, version,
    public_version)
SELECT tenant_id, gen_random_uuid(), client_id, id, requester_contact_id, 'Help', opened_at, 'public', 1, 1
FROM tickets WHERE tenant_id = %(tenant)s AND number > 3000000
"""


def fill(database: Database, *, tickets: int, clients: int) -> None:
    """Give Harbor so many tickets more, of so many clients more, and let the planner know."""
    facts = {"tenant": TECH.tenant_id, "tech": TECH.id, "admin": ADMIN.id, "tickets": tickets, "clients": clients}
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        for statement in (CLIENTS, CONTACTS, TICKETS, PEOPLE, LETTERS):
            connection.execute(statement, facts)
        connection.execute("VACUUM ANALYZE")
