"""What nobody can see is no name, and what no database keeps is no fault of ours."""

import pytest

from tests import world

UNSEEN = ["\x00", "\u202e", "\x01 \x02"]
SAMS = f"/account/users/{world.SAM.contact_id}"


@pytest.mark.parametrize("name", UNSEEN)
def test_a_name_of_nothing_to_see_is_refused(visit, name):
    dana, admin = visit(world.DANA), visit(world.ADMIN)
    for who, page, form, more in (
        (dana, "/account", "/account", {}),
        (dana, SAMS, "/data", {}),
        (dana, "/account/users/invitation", "/users/invitation", {"email": "a@b.example"}),
        (admin, f"/msp/clients/10001/people/{world.SAM.contact_id}", "/data", {}),
        (admin, "/admin/users/invitation", "/users/invitation", {"email": "a@b.example"}),
        (admin, "/admin/roles", "/roles/new", {}),
    ):
        assert who.submit(page, form, name=name, **more).status == 422, page


@pytest.mark.parametrize("field", ["who", "number", "kind", "act"])
def test_the_trail_is_narrowed_by_anything(visit, field):
    admin = visit(world.ADMIN)
    assert admin.get(f"/admin/audit?{field}=%00").status == 200
    token = admin.get("/admin/audit").dom.select_one("input[name=csrf_token]")["value"]
    assert admin.post(f"/admin/audit/export?{field}=a%00b", {"csrf_token": token}).status == 200
