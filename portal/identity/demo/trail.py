"""What the trail of the demo tells: sign-ins of the people that the README doesn't name, and who changed what.

Those whom the README names have no sign-in before their first real one, which would otherwise
be one from an unknown browser and be told to the administrators.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from portal.core.bulk import Load, seeded_ids
from portal.identity.demo.access import ABROAD, BOARDS, IN_GROUP, MINUTE, PROVEN_DAYS, Made, moment
from portal.identity.demo.people import DAYS, READER, Bounds, Cast, Roles, Seated, days_of

OFFICE = "203.0.113.10"
Entry = dict[str, Any]
Target = tuple[str, str]
"""Table and id of what it was about."""
Doer = tuple[str, str | None]
"""How far they reach, and who it was; nobody at the gate or of the portal itself."""
GATE: Doer = ("gate", None)
SYSTEM: Doer = ("system", None)


def entries(load: Load, cast: Cast, roles: Roles, bounds: Bounds, made: Made | None) -> list[Entry]:
    """Entries as `audit.retell` takes them, oldest first."""
    pen = _Pen(load, cast)
    pen.sign_ins()
    if made is not None:
        _harbor(pen, roles, bounds, made)
    elif load.slug == "summit":
        mirjam = cast.seat("mirjam@deltafoods.example")
        cold_store = {"old": {"sites": []}, "new": {"sites": ["Cold store"]}}
        late = moment(load, 1, 21, 38)
        pen.staff("admin", late, "role.limited", ("membership_roles", mirjam.role_id), cold_store, of=mirjam)
    return sorted(pen.told, key=lambda entry: (entry["at"], entry["id"]))


class _Pen:
    """Writes entries as `audit.record` would have."""

    def __init__(self, load: Load, cast: Cast) -> None:
        self.load, self.cast, self.told = load, cast, list[Entry]()
        self.chance = load.chance("trail")
        self.make_id = seeded_ids(load.chance("ids of the trail"))

    def sign_ins(self) -> None:
        """The working days of those who are not named in the README."""
        for box in self.cast.staff:
            for day in range(1, DAYS + 1) if box not in {"admin", "tech", "billing"} else ():
                self._sign_in(box, day)
        for seat in self.cast.seats:
            for day in days_of(seat.company, seat.contact):
                self._sign_in(seat, day)

    def _sign_in(self, who: str | Seated, day: int) -> None:
        at = moment(self.load, day, 6, self.chance.randrange(150))
        facts = {"way": "password", "factor": "", "new_device": 0}
        if isinstance(who, str):
            self.staff(who, at, "sign_in.succeeded", ("users", self.cast.staff[who]), {"side": "msp", **facts})
        else:
            self.client(who, at, "sign_in.succeeded", ("users", who.user_id), {"side": "client", **facts})

    def staff(
        self, box: str, at: int, action: str, target: Target | None, facts: Entry, *, of: Seated | None = None
    ) -> None:
        """Somebody of the staff did it, in the office; `of` whose client may read of it."""
        self.write(("staff", self.cast.staff[box]), at, action, target, {"address": OFFICE, **facts}, of=of)

    def client(self, seat: Seated, at: int, action: str, target: Target | None, facts: Entry) -> None:
        """Somebody of a client did it, where they always are."""
        seen = {"address": f"198.51.100.{int(seat.user_id[-2:], 16)}", "country": "DE", **facts}
        self.write(("client", seat.user_id), at, action, target, seen, of=seat)

    def write(
        self, doer: Doer, at: int, action: str, target: Target | None, facts: Entry, *, of: Seated | None = None
    ) -> None:
        """One entry, at this time."""
        kind, object_id = target or ("", None)
        reach, user_id = doer
        self.told.append(
            {
                "id": str(UUID(self.make_id(at))),
                "at": dt.datetime.fromtimestamp(at / 1000, dt.UTC).isoformat(),
                "action": action,
                "object_kind": kind,
                "object_id": str(UUID(object_id)) if object_id else None,
                "client_id": str(UUID(of.company.id)) if of else None,
                "user_id": str(UUID(user_id)) if user_id else None,
                "visibility": "public" if of else "internal",
                "facts": {"reach": reach, "old": None, "new": None, **facts},
            }
        )


def _harbor(pen: _Pen, roles: Roles, bounds: Bounds, made: Made) -> None:
    load, cast = pen.load, pen.cast
    dana, kim = cast.seat("dana@brightdental.example"), cast.seat("kim@ledgerworks.example")
    _rights(pen, roles, bounds)
    provider = {"new": {"name": "Microsoft", "kind": "entra", "side": "msp", "is_active": False}}
    pen.staff("admin", moment(load, 15, 10, 5), "sso.provider_added", ("sso_providers", made.provider), provider)
    olivia, proven = cast.seat("olivia@cedarlaw.example"), {"email_domain": "cedarlaw.example"}
    pen.write(SYSTEM, moment(load, PROVEN_DAYS, 10, 14), "domain.proven", None, proven, of=olivia)
    _looking_on(pen)
    begun = ("access_reviews", made.review)
    pen.write(SYSTEM, moment(load, 5, 6), "access_review.started", begun, {"people": made.people}, of=dana)
    for place, (email, item) in enumerate(made.kept.items()):
        kept = {"seat": cast.seat(email).contact.name, "decision": "kept"}
        pen.client(dana, moment(load, 4, 6, place), "access_review.decided", ("access_review_items", item), kept)
    _guesses(pen, cast.seat("theo@brightdental.example"))
    pen.staff("admin", moment(load, 3, 7, 5), "alert.seen", ("security_alerts", made.alert), {})
    jule = cast.seat("jule@brightdental.example")
    invited = {"new": {"email": jule.contact.email, "roles": ["User"], "scope": "taking_part"}}
    pen.client(dana, moment(load, 6, 13, 5), "invitation.sent", ("memberships", jule.id), invited)
    pen.client(dana, moment(load, 1, 8, 20), "invitation.resent", ("memberships", jule.id), {})
    pen.write(GATE, moment(load, 1, 13, 11), "access.requested", None, {"address": "192.0.2.90"})
    abroad = {"side": "client", "way": "password", "factor": "", "new_device": 1, **ABROAD}
    pen.client(kim, moment(load, 1, 19, 52), "sign_in.succeeded", ("users", kim.user_id), abroad)


def _guesses(pen: _Pen, seat: Seated) -> None:
    """A night in which somebody tried passwords; the alert tells of it."""
    for minute in range(20):
        facts = {"address": f"192.0.2.{minute % 6 + 7}", "side": "client", "reason": "password"}
        pen.write(GATE, moment(pen.load, 4, 1, 57 + minute), "sign_in.failed", ("users", seat.user_id), facts, of=seat)


def _rights(pen: _Pen, roles: Roles, bounds: Bounds) -> None:
    """How the seats came to be cut to size."""
    key, name, permissions = READER
    lena, theo = pen.cast.seat("lena@brightdental.example"), pen.cast.seat("theo@brightdental.example")
    paul, hanna = pen.cast.seat("paul@cedarlaw.example"), pen.cast.seat("hanna@elbepartners.example")
    role = {"name": name, "side": "client", "permissions": list(permissions)}
    narrowed = {"ticket_scope": "company", "board_group": BOARDS}
    group, grant = bounds.client_group_id or "", bounds.grant_id or ""
    acts: tuple[tuple[int, int, str, Target, Entry, Seated | None], ...] = (
        (20, 0, "role.created", ("roles", roles.client[key]), {"new": role}, None),
        (20, 4, "board_group.saved", ("board_groups", bounds.board_group_id or ""),
         {"new": {"name": BOARDS, "boards": ["Service desk"]}}, None),
        (20, 7, "role.given", ("memberships", theo.id), {"new": {"role": name}}, theo),
        (20, 8, "membership.narrowed", ("memberships", theo.id), {"new": narrowed}, theo),
        (18, 31, "role.limited", ("membership_roles", lena.role_id), {"new": {"sites": ["Laboratory"]}}, lena),
        (16, 2, "membership.denied", ("memberships", paul.id), {"new": {"denied": list(paul.cut.denied)}}, paul),
        (9, 22, "client_group.changed", ("client_groups", group), {"new": {"clients": list(IN_GROUP)}}, None),
        (9, 30, "group_grant.given", ("group_grants", grant),
         {"user": hanna.contact.name, "role": "Finance", "scope": hanna.cut.scope}, None),
    )  # fmt: skip
    for days, minute, action, target, facts, of in acts:
        pen.staff("admin", moment(pen.load, days, 9, minute), action, target, facts, of=of)


def _looking_on(pen: _Pen) -> None:
    """A quarter of an hour of *Open portal as…*, which the client reads of."""
    olivia, staff = pen.cast.seat("olivia@cedarlaw.example"), "Frauke Jürgensen"
    at, contact_id = moment(pen.load, 3, 9), str(UUID(olivia.contact.id))
    opened = {"staff": staff, "contact": olivia.contact.name}
    pen.staff("dispatch", at, "portal.opened", ("contacts", contact_id), opened, of=olivia)
    left = {"staff": staff, "reason": "by hand", "as_contact": contact_id}
    pen.staff("dispatch", at + 14 * MINUTE, "portal.left", None, left, of=olivia)
