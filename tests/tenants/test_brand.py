"""The tenant's colours and logo: by version, cached for good, each its own, and nothing in them can run."""

import io

import pytest
from PIL import Image

from portal.core.web.headers import FILE_POLICY
from portal.extensions import db
from portal.tenants import branding
from portal.tenants.models import Tenant
from tests import world
from tests.world import SAM, TECH


def harbor():
    return db.session.get(Tenant, world.tenant_id("harbor"))


def a_picture(kind="PNG", size=(900, 200)):
    out = io.BytesIO()
    Image.new("RGBA", size, (200, 30, 60, 128)).save(out, kind)
    return out.getvalue()


def set_logo(system, image=None):
    with system("harbor"):
        branding.set_logo(harbor(), image or a_picture(), alt="Harbor's wave")


def raw(visitor, path, **headers):
    """An answer as it is, packed or not text at all."""
    return visitor.http.get(path, base_url=visitor.origin, headers=headers)


def css_of(page):
    return next(link["href"] for link in page.dom.select("link[rel=stylesheet]") if "/brand/" in link["href"])


def test_pages_link_the_version_that_may_be_kept_for_good(visit):
    sam = visit(SAM)
    address = css_of(sam.get("/"))
    assert address == "/brand/client/1.css"
    answer = sam.get(address)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert answer.text.startswith(":root{--")
    assert len(answer.text) < 2_000


def test_an_unchanged_one_is_answered_with_304(visit):
    stranger = visit(None)
    first = stranger.get("/brand/client/1.css")
    again = stranger.get("/brand/client/1.css", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, again.text) == (304, "")
    packed = raw(stranger, "/brand/client/1.css", **{"Accept-Encoding": "br"})
    assert packed.headers["Content-Encoding"] == "br"
    assert stranger.get("/brand/client/1.css", headers={"If-None-Match": packed.headers["ETag"]}).status == 304
    assert stranger.get("/brand/client/1.css", headers={"If-None-Match": '"other"'}).status == 200


def test_a_new_colour_has_a_new_address_and_the_old_one_is_asked_for_again(visit, system):
    sam = visit(SAM)
    before = sam.get("/brand/client/1.css").text
    with system("harbor"):
        branding.set_color(harbor(), "#0b6e4f")
    assert css_of(sam.get("/")) == "/brand/client/2.css"
    after = sam.get("/brand/client/2.css")
    assert "#0b6e4f" in after.text
    assert after.text != before
    old = sam.get("/brand/client/1.css")
    assert old.text == after.text
    assert "immutable" not in old.headers["Cache-Control"]
    assert "no-cache" in old.headers["Cache-Control"]


def test_each_tenant_has_its_own_and_the_console_keeps_violet(visit, system):
    with system("harbor"):
        branding.set_color(harbor(), "#0b6e4f")
    ours = visit(None).get("/brand/client/2.css").text
    neighbours = visit(None, host="summit").get("/brand/client/1.css").text
    assert "#0b6e4f" in ours
    assert "#0b6e4f" not in neighbours
    tech = visit(TECH)
    console = tech.get(css_of(tech.get("/msp/tickets")))
    assert console.text == visit(None, host="summit").get("/brand/msp/1.css").text
    assert "#0b6e4f" not in console.text


@pytest.mark.parametrize("path", ["/brand/other/1.css", "/brand/client/x.css", "/brand/client/-1.css", "/brand/1/logo"])
def test_what_isnt_there_is_not_found(visit, path):
    assert visit(None).get(path).status == 404


@pytest.mark.parametrize("color", ["red", "#12345", "#123456; background: url(x)", "}</style>"])
def test_a_colour_that_is_none_is_refused(system, color):
    with system("harbor"), pytest.raises(branding.NoColour):
        branding.set_color(harbor(), color)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_a_logo_is_made_anew_and_served_to_everybody(visit, system, kind):
    set_logo(system, a_picture(kind))
    page = visit(None).get("/auth/client-portal/signin")
    image = page.dom.select_one(".brand img")
    assert image["src"] == "/brand/2/logo"
    assert "Harbor IT" in page.dom.select_one(".brand").get_text(), "the name stands beside it"
    answer = raw(visit(None), "/brand/2/logo")
    body = answer.get_data()
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Security-Policy"] == FILE_POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert Image.open(io.BytesIO(body)).width <= 320
    assert len(body) < 6_000
    again = raw(visit(None), "/brand/2/logo", **{"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_transparent_logo_stays_so(visit, system):
    set_logo(system)
    body = raw(visit(None), "/brand/2/logo").get_data()
    assert Image.open(io.BytesIO(body)).convert("RGBA").getpixel((5, 5))[3] < 200


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"\x89PNG\r\n\x1a\n<svg onload=alert(1)>",
        b"GIF89a" + b"\0" * 20,
        b"",
        b"\0" * (branding.LARGEST_BYTES + 1),
    ],
)
def test_what_is_no_picture_is_no_logo(visit, system, content):
    with system("harbor"), pytest.raises(branding.LogoRefused):
        branding.set_logo(harbor(), content)
    assert visit(None).get("/brand/1/logo").status == 404
    with system("harbor"):
        assert (harbor().logo_key, harbor().brand_version) == (None, 1)


def test_a_logo_is_the_tenants_own_and_can_be_taken_away(visit, system):
    set_logo(system)
    assert visit(None, host="summit").get("/brand/2/logo").status == 404
    with system("harbor"):
        branding.remove_logo(harbor())
    assert visit(None).get("/brand/2/logo").status == 404
    assert visit(None).get("/auth/client-portal/signin").dom.select_one(".brand img") is None


def test_changes_are_in_the_trail(system):
    from portal.core.audit import AuditEntry

    set_logo(system)
    with system("harbor"):
        branding.set_color(harbor(), "#0b6e4f")
    with system("harbor"):
        actions = [entry.action for entry in db.session.query(AuditEntry).order_by(AuditEntry.position)]
    assert actions[-2:] == ["tenant.logo_set", "tenant.color_set"]


def test_a_logo_whose_file_is_lost_is_not_found(visit, system):
    with system("harbor"):
        harbor().logo_key = "0" * 64
    assert visit(None).get("/brand/1/logo").status == 404


def test_an_operator_gives_colour_and_logo_by_command_and_takes_them_back(app, visit, system, tmp_path):
    logo = tmp_path / "logo.png"
    logo.write_bytes(a_picture())
    run = app.test_cli_runner().invoke

    done = run(args=["tenant", "brand", "harbor", "--color", "#0b6e4f", "--logo", str(logo), "--alt", "Our sign"])
    assert done.exit_code == 0, done.output
    page = visit(None).get("/auth/client-portal/signin")
    assert "#0b6e4f" in visit(None).get(css_of(page)).text
    assert page.dom.select_one(".brand img")
    with system("harbor"):
        assert harbor().logo_alt == "Our sign"

    assert run(args=["tenant", "brand", "harbor", "--color", "default", "--no-logo"]).exit_code == 0
    page = visit(None).get("/auth/client-portal/signin")
    assert "#0b6e4f" not in visit(None).get(css_of(page)).text
    assert not page.dom.select_one(".brand img")


@pytest.mark.parametrize(
    ("options", "words", "code"),
    [
        (["--color", "green"], "green is no colour such as", 1),
        (["--logo", __file__], "the logo can't be used", 1),
        ([], "say --color", 2),
        (["--logo", __file__, "--no-logo"], "say --color", 2),
    ],
)
def test_what_can_be_no_brand_is_refused_in_words(app, options, words, code):
    done = app.test_cli_runner().invoke(args=["tenant", "brand", "harbor", *options])
    assert (done.exit_code, words in done.output) == (code, True), done.output
