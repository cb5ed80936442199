"""The verbs of tickets. Each takes a locked ticket (`reading.ticket_to_change`) and never commits."""

from portal.tickets.services.answering import add_note, comment
from portal.tickets.services.assigning import assign, change_priority, seal, unseal
from portal.tickets.services.moving import change_status, reopen, resolve
from portal.tickets.services.naming import AskedForIt, name_person, take_off
from portal.tickets.services.opening import NewTicket, SubmissionReused, open_ticket

__all__ = [
    "AskedForIt",
    "NewTicket",
    "SubmissionReused",
    "add_note",
    "assign",
    "change_priority",
    "change_status",
    "comment",
    "name_person",
    "open_ticket",
    "reopen",
    "resolve",
    "seal",
    "take_off",
    "unseal",
]
