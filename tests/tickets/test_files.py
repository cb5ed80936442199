"""Files of tickets: chosen, kept over a refused form, looked at, fetched by those who may read the letter."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from portal.core.events import declare
from portal.files.models import StagedFile
from portal.tickets.attachments import LIMITS, look_at_file
from portal.tickets.models import Attachment, Ticket
from tests import world
from tests.jobs import work_off
from tests.tickets.test_talking import DESK, PAGE, events
from tests.world import ADMIN, CEDAR_NUMBER, DANA, DELTA_NUMBER, FIN, NOAH, OUR_NUMBER, READER, SAM, TECH


def photo(name="photo.jpg", size=(640, 480)):
    exif = Image.Exif()
    exif[0x010F] = "SPYCAM"
    body = io.BytesIO()
    Image.new("RGB", size, "teal").save(body, "JPEG", exif=exif)
    return io.BytesIO(body.getvalue()), name


def text(name="log.txt", words="nothing works\n"):
    return io.BytesIO(words.encode()), name


def attachments(system, **where):
    with system() as session:
        return session.scalars(select(Attachment).filter_by(**where).order_by(Attachment.id)).all()


def staged(system):
    with system() as session:
        return session.scalars(select(StagedFile).order_by(StagedFile.id)).all()


def process(system):
    """What the worker does for each file that was added."""
    told = events(system, "ticket.file_added")
    for each in told:
        with system():
            look_at_file(declare.read(each.kind, each.version, each.payload, event_id=each.id))
    return len(told)


def send(visitor, page, action, fields=None, files=(), **more):
    form = visitor.get(page).form(action) | (fields or {})
    path = visitor_path(visitor, page, action)
    return visitor.post(path, form | {"files": list(files)}, content_type="multipart/form-data", **more)


def visitor_path(visitor, page, action):
    return next(form["action"] for form in visitor.get(page).dom.select("form") if form["action"].endswith(action))


def test_a_ticket_with_photos_from_the_form_to_the_thumbnail(visit, system):
    sam = visit(SAM)

    sent = send(
        sam, "/tickets/new", "/tickets/new", {"subject": "Crack", "description": "See photos."}, [photo(), text()]
    )
    page = sam.follow(sent)

    assert page.dom.select_one("[id^=files-]")["hx-get"].endswith("/files")
    assert "photo.jpg is being checked" in page.dom.get_text()
    assert not page.dom.select("a[href*='/files/']")
    assert process(system) == 2
    page = sam.get(sent.headers["Location"])
    assert not page.dom.select_one("[id^=files-]").has_attr("hx-get")
    image, log = (link["href"] for link in page.dom.select("a[href*='/files/']"))
    fetched = sam.get(image)
    assert fetched.headers["Content-Type"] == "image/jpeg"
    assert "sandbox" in fetched.headers["Content-Security-Policy"]
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert b"SPYCAM" not in fetched.response.get_data()
    assert sam.get(f"{image}/thumbnail").headers["Content-Type"] == "image/webp"
    assert sam.get(log).headers["Content-Disposition"].startswith("attachment")
    assert sam.get(f"{log}/thumbnail").status == 404


def test_nothing_of_a_photos_original_stays_in_the_storage(app, visit, system):
    def lying():
        root = Path(app.extensions["settings"].storage_url.removeprefix("file://"))
        return [path for path in root.rglob("*") if path.is_file() and b"SPYCAM" in path.read_bytes()]

    sam = visit(SAM)
    for body in ("One", "Two"):
        send(sam, PAGE, "/comments", {"body": body}, [photo()])
    assert len(lying()) == 1, "the same bytes lie once"

    outcomes = work_off(app)

    assert [outcome for handler, outcome in outcomes if handler == "files.remove_original"] == ["done", "done"]
    assert lying() == []
    fetched = sam.get(f"{PAGE}/files/{attachments(system, name='photo.jpg')[0].id}")
    assert fetched.status == 200


def test_a_refused_form_keeps_its_files_as_chosen(visit, system):
    sam = visit(SAM)

    refused = send(sam, "/tickets/new", "/tickets/new", {"subject": "", "description": "Hm."}, [photo(), text()])

    assert refused.status == 422
    boxes = refused.dom.select("input[name=staged]")
    assert [box.has_attr("checked") for box in boxes] == [True, True]
    named = re.findall(r"photo\.jpg|log\.txt", refused.dom.select_one(".files").get_text())
    assert list(dict.fromkeys(named)) == ["photo.jpg", "log.txt"]

    keep = [boxes[1]["value"]]
    form = refused.form("/tickets/new") | {"subject": "Now with words", "staged": keep}
    sent = sam.post("/tickets/new", form, content_type="multipart/form-data")

    assert sent.status == 303
    assert [file.name for file in attachments(system, state="checking")] == ["log.txt"]
    assert staged(system) == []


def test_a_staged_file_is_nobody_elses(visit, system):
    sam, dana = visit(SAM), visit(DANA)
    refused = send(sam, "/tickets/new", "/tickets/new", {"subject": ""}, [text()])
    form = refused.form("/tickets/new")
    file_id = refused.dom.select_one("input[name=staged]")["value"]

    own = dana.get("/tickets/new").form("/tickets/new") | {"subject": "Mine", "description": "Mine."}
    stolen = own | {"staged": [file_id], "submission_key": form["submission_key"]}
    assert dana.post("/tickets/new", stolen).status == 303

    assert attachments(system, state="checking") == []
    assert [str(row.id) for row in staged(system)] == [file_id]


@pytest.mark.parametrize("part", [False, True])
def test_a_file_that_cannot_be_taken_is_named_and_the_rest_stays(visit, look, part):
    sam = visit(SAM)

    refused = send(
        sam,
        PAGE,
        "/comments",
        {"body": "See these."},
        [text(), (io.BytesIO(b"MZ\x90\x00" * 99), "setup.exe")],
        part=part,
    )

    assert refused.status == 422
    assert refused.is_whole is not part
    assert "setup.exe" in refused.dom.select_one("#answer .field__error").get_text()
    assert refused.form("/comments")["body"].strip() == "See these."
    assert [box.find_parent("li").get_text()[:7] for box in refused.dom.select("input[name=staged]")] == ["log.txt"]
    assert len(look().comments) == 3


def test_files_of_a_letter_and_of_a_note(visit, system):
    sam, tech = visit(SAM), visit(TECH)
    send(tech, DESK, "/replies", {"body": "A letter"}, [text("public.txt")])
    send(tech, DESK, "/notes", {"body": "A note"}, [text("secret.txt")])
    process(system)
    public, secret = attachments(system, name="public.txt")[0], attachments(system, name="secret.txt")[0]

    assert (public.visibility, secret.visibility) == ("public", "internal")
    assert sam.get(f"{PAGE}/files/{public.id}").status == 200
    assert sam.get(f"{PAGE}/files/{secret.id}").status == 404
    assert sam.get(f"{PAGE}/comments/{secret.comment_id}/files", part=True).status == 404
    assert tech.get(f"{DESK}/files/{secret.id}").status == 200
    assert "secret.txt" not in sam.get(PAGE)
    assert "secret.txt" in tech.get(DESK)


@pytest.mark.parametrize("tail", ["", "/thumbnail"])
@pytest.mark.parametrize(
    ("person", "path"),
    [
        (NOAH, f"/tickets/{OUR_NUMBER}/files/{world.fixed(f'file {OUR_NUMBER}')}"),
        (FIN, f"/tickets/{OUR_NUMBER}/files/{world.fixed(f'file {OUR_NUMBER}')}"),
        (DANA, f"/tickets/{CEDAR_NUMBER}/files/{world.fixed(f'file {CEDAR_NUMBER}')}"),
        (DANA, f"/tickets/{OUR_NUMBER}/files/{world.fixed(f'file {CEDAR_NUMBER}')}"),
        (DANA, f"/tickets/{OUR_NUMBER}/files/{world.fixed(f'secret file {OUR_NUMBER}')}"),
        (TECH, f"/msp/tickets/{DELTA_NUMBER}/files/{world.fixed(f'file {DELTA_NUMBER}')}"),
        (TECH, f"/msp/tickets/{OUR_NUMBER}/files/{world.fixed(f'file {CEDAR_NUMBER}')}"),
    ],
)
def test_a_file_is_found_only_where_its_letter_may_be_read(visit, person, path, tail):
    answer = visit(person).get(path + tail)

    assert answer.status == 404
    assert "CANARY" not in answer


def test_strangers_are_sent_to_the_door(visit):
    answer = visit(None).get(f"/tickets/{OUR_NUMBER}/files/{world.fixed(f'file {OUR_NUMBER}')}")

    assert answer.status == 303
    assert "/auth/client-portal/signin" in answer.headers["Location"]


def test_a_file_on_its_way_says_how_it_stands(visit, system):
    sam = visit(SAM)
    send(sam, PAGE, "/comments", {"body": "Look"}, [photo()])
    waiting = sam.get(PAGE).dom.select_one("[id^=files-][hx-get]")

    assert sam.get(waiting["hx-get"], part=True).status == 204
    process(system)
    done = sam.get(waiting["hx-get"], part=True)
    assert done.status == 200
    assert not done.is_whole
    assert done.dom.select_one(f"#{waiting['id']} img")
    assert not done.dom.select("[hx-get]")


def test_a_damaged_picture_is_refused_with_its_reason(visit, system):
    sam = visit(SAM)
    whole = photo()[0].getvalue()
    send(sam, PAGE, "/comments", {"body": "Look"}, [(io.BytesIO(whole[:300]), "half.jpg")])
    process(system)

    (file,) = attachments(system, name="half.jpg")
    assert file.state == "refused"
    page = sam.get(PAGE)
    assert "half.jpg could not be kept: the picture is damaged" in page.dom.get_text()
    assert sam.get(f"{PAGE}/files/{file.id}").status == 404


def test_looking_twice_changes_nothing(visit, system):
    send(visit(SAM), PAGE, "/comments", {"body": "Look"}, [photo()])
    process(system)
    (first,) = attachments(system, content_type="image/jpeg", state="ready")

    process(system)

    (second,) = attachments(system, content_type="image/jpeg", state="ready")
    assert (first.blob_key, first.thumbnail_key, first.name) == (second.blob_key, second.thumbnail_key, second.name)


def test_a_ticket_holds_only_so_much(visit, system, look):
    with system() as session:
        held = session.scalars(select(Attachment).where(Attachment.name == "trace.png")).one()
        held.size = LIMITS.total_bytes - 5
    sam = visit(SAM)

    refused = send(sam, PAGE, "/comments", {"body": "One more"}, [text(words="more than five bytes")])

    assert refused.status == 422
    assert "over 100 MB together" in refused.dom.select_one("#answer").get_text()
    assert len(look().comments) == 3


def test_a_file_that_was_only_a_word_is_no_file(visit, look):
    sam = visit(SAM)
    form = sam.get(PAGE).form("/comments") | {"body": "Words only", "files": "not a file", "staged": "nonsense"}

    assert sam.post(f"{PAGE}/comments", form).status == 303
    assert look().bodies[-1] == "Words only"


def test_who_may_only_read_may_fetch(visit, system):
    sam = visit(SAM)
    send(sam, PAGE, "/comments", {"body": "Look"}, [text()])
    process(system)
    (file,) = attachments(system, name="log.txt")

    assert visit(READER).get(f"{DESK}/files/{file.id}").status == 200
    with system() as session:
        assert session.scalars(select(Ticket).where(Ticket.number == OUR_NUMBER)).one().public_version == 3


@pytest.mark.parametrize(
    ("person", "page", "action", "elsewhere"),
    [
        (SAM, PAGE, "/comments", f"/tickets/{CEDAR_NUMBER}/comments"),
        (TECH, DESK, "/replies", f"/msp/tickets/{CEDAR_NUMBER}/notes"),
    ],
    ids=["client", "staff"],
)
def test_a_letter_whose_key_is_spent_keeps_its_files_for_the_next_try(visit, system, person, page, action, elsewhere):
    somebody = visit(person)
    refused = send(somebody, page, action, {"body": ""}, [text("first.txt")])
    form = refused.form(action) | {"body": "Once more"}
    spend(visit, form["submission_key"], elsewhere)

    target = visitor_path(somebody, page, action)
    again = somebody.post(target, form | {"files": [text("second.txt")]}, content_type="multipart/form-data")

    assert again.status == 422
    boxes = [box["value"] for box in again.dom.select("input[name=staged]") if box.has_attr("checked")]
    assert len(boxes) == 2
    fresh = again.form(action)
    assert fresh["submission_key"] != form["submission_key"]
    assert {str(row.form_key) for row in staged(system)} == {fresh["submission_key"]}
    sent = somebody.post(target, fresh | {"staged": boxes}, content_type="multipart/form-data")
    assert sent.status == 303
    assert [file.name for file in attachments(system, state="checking")] == ["first.txt", "second.txt"]
    assert staged(system) == []


def spend(visit, key, path):
    """Use up a form's key for a letter on another ticket, which the form's owner may not even see."""
    writer, page = visit(NOAH if path.startswith("/tickets") else ADMIN), path.rsplit("/", 1)[0]
    form = writer.get(page).form(path) | {"body": "Elsewhere", "submission_key": key}
    assert writer.post(path, form).status == 303


def test_a_request_whose_key_is_spent_keeps_its_files_for_the_next_try(visit, system):
    sam, noah = visit(SAM), visit(NOAH)
    words = {"subject": "Crack", "description": "See photos."}
    refused = send(sam, "/tickets/new", "/tickets/new", {"subject": ""}, [text()])
    form = refused.form("/tickets/new") | words
    theirs = noah.get("/tickets/new").form("/tickets/new") | words | {"submission_key": form["submission_key"]}
    assert noah.post("/tickets/new", theirs).status == 303

    again = sam.post("/tickets/new", form)
    assert again.status == 422
    box = again.dom.select_one("input[name=staged][checked]")
    sent = sam.post("/tickets/new", again.form("/tickets/new") | {"staged": [box["value"]]})

    assert sent.status == 303
    assert [file.name for file in attachments(system, state="checking")] == ["log.txt"]
    assert staged(system) == []
