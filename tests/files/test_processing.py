"""Between being sent and being seen: pictures are written anew, everything else stays what it was."""

import io

import pytest
from PIL import Image

from portal.core.storage import blobs
from portal.files import wording
from portal.files.processing import Processed, Refused, process
from portal.files.uploads import collect
from tests.core.test_isobmff import heic, movie
from tests.files.conftest import photo, upload
from tests.files.test_uploads import FORM
from tests.world import SAM


def sent(acting, content, name):
    with acting(SAM):
        [file] = collect(FORM, [upload(content, name)]).files
    return {"name": file.name, "content_type": file.content_type, "size": file.size, "blob_key": file.blob_key}


def picture(key):
    return Image.open(io.BytesIO(b"".join(blobs().open(SAM.tenant_id, key))))


def test_a_photo_loses_what_it_told_and_gets_a_thumbnail(acting, system):
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "SECRET-CAMERA", 6
    facts = sent(acting, photo(exif=exif), "kitchen.png")
    with system():
        made = process(**facts)
        assert isinstance(made, Processed)
        assert (made.name, made.content_type, made.width, made.height) == ("kitchen.jpg", "image/jpeg", 480, 640)
        assert made.blob_key != facts["blob_key"]
        content = b"".join(blobs().open(SAM.tenant_id, made.blob_key))
        assert len(content) == made.size
        assert b"SECRET" not in content
        assert picture(made.blob_key).size == (480, 640)
        assert made.thumbnail_key is not None
        assert picture(made.thumbnail_key).size == (240, 320)
        assert process(**facts) == made, "a second run gives the same"


def test_other_files_stay_what_they_were(acting, system):
    facts = sent(acting, b"<script>alert(1)</script>", "page.html")
    with system():
        made = process(**facts)
    assert made == Processed(**facts)
    assert made.content_type == "application/octet-stream"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"GIF89a/*" + b"x" * 200 + b"*/=1;alert(1)", {"broken", "large", "frames"}),
        (photo()[:300], {"broken"}),
    ],
)
def test_what_only_looks_like_a_picture_is_refused_in_words(acting, system, content, reason):
    facts = sent(acting, content, "photo.gif")
    with system():
        made = process(**facts)
        assert isinstance(made, Refused)
        assert made.reason in reason
        assert wording.why(made.reason)


@pytest.mark.parametrize(
    ("content", "name"), [(heic(), "IMG_1.HEIC"), (movie(), "clip.mov"), (movie(b"mp42"), "a.mp4")]
)
def test_phone_photos_and_videos_lose_their_place(acting, system, content, name):
    facts = sent(acting, content, name)
    with system():
        made = process(**facts)
        assert isinstance(made, Processed)
        kept = b"".join(blobs().open(SAM.tenant_id, made.blob_key))
        assert b"SECRET" in content
        assert b"SECRET" not in kept
        assert (made.name, made.size, made.thumbnail_key) == (facts["name"], len(content), None)


def test_a_damaged_video_is_refused(acting, system):
    facts = sent(acting, movie()[:-3], "clip.mov")
    with system():
        assert process(**facts) == Refused("damaged")


def test_a_lost_file_is_refused(acting, system):
    facts = sent(acting, photo(), "photo.jpg")
    with system():
        blobs().delete(SAM.tenant_id, facts["blob_key"])
        assert process(**facts) == Refused("missing")
        assert process(**facts | {"content_type": "video/mp4"}) == Refused("missing")


def test_every_reason_has_its_words(app):
    with app.test_request_context():
        assert all(wording.why(reason) for reason in ("large", "frames", "broken", "damaged", "slow", "missing"))
        assert wording.why("nonsense") == ""
