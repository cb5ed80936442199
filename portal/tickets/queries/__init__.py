"""Tickets and their parts, as a viewer may see them: nouns that return a statement; nothing here is executed."""

from portal.tickets.queries.lists import (
    DONE,
    PHASES,
    VIEWS,
    client_list,
    phase_counts,
    queue,
    queue_counts,
    queue_counts_of,
    queue_of,
)
from portal.tickets.queries.offers import choices, client, colleague, priority, status, status_for, statuses
from portal.tickets.queries.one import (
    RECENT,
    beside,
    submitted_comment,
    submitted_ticket,
    ticket,
    ticket_id,
    ticket_lock,
    ticket_version,
)
from portal.tickets.queries.people import OFFERED, contact_of, contacts_beside, part_of, people
from portal.tickets.queries.timelines import attachment, bytes_of_files, file_to_check, files, timeline

__all__ = [
    "DONE",
    "OFFERED",
    "PHASES",
    "RECENT",
    "VIEWS",
    "attachment",
    "beside",
    "bytes_of_files",
    "choices",
    "client",
    "client_list",
    "colleague",
    "contact_of",
    "contacts_beside",
    "file_to_check",
    "files",
    "part_of",
    "people",
    "phase_counts",
    "priority",
    "queue",
    "queue_counts",
    "queue_counts_of",
    "queue_of",
    "status",
    "status_for",
    "statuses",
    "submitted_comment",
    "submitted_ticket",
    "ticket",
    "ticket_id",
    "ticket_lock",
    "ticket_version",
    "timeline",
]
