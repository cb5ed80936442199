"""The main story, told by two browsers: asked on a phone, answered at a desk, seen without reloading."""

import io
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import expect

from tests import jobs, world
from tests.browser.conftest import DESKTOP, fits

pytestmark = pytest.mark.browser


def photo() -> bytes:
    """A photo that tells where it was taken."""
    image, told = Image.new("RGB", (1200, 900), (40, 90, 120)), Image.Exif()
    told.get_ifd(0x8825)[1] = "N"
    content = io.BytesIO()
    image.save(content, "JPEG", exif=told)
    return content.getvalue()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_client_asks_and_is_answered(app: Flask, browse: Any, scripts: Any) -> None:
    phone = browse(world.SAM, scripts=scripts)
    phone.goto("/tickets/new")
    phone.get_by_label("What is it about?").fill("The scanner hums")
    phone.get_by_label("What happened?").fill("It **hums** since today.")
    phone.locator("input[type=file]").set_input_files(
        [{"name": "scanner.jpg", "mimeType": "image/jpeg", "buffer": photo()}]
    )
    phone.get_by_role("button", name="Send to").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("The scanner hums")
    ticket = phone.url.partition("localhost")[2].partition("/")[2]
    jobs.work_off(app)
    phone.reload()
    expect(phone.locator("img[src*='thumbnail']")).to_be_visible()

    desk = browse(world.TECH, size=DESKTOP)
    desk.goto("/msp/tickets")
    desk.get_by_role("link", name="The scanner hums").click()
    desk.get_by_label("Write a reply").fill("A new roller is on its way.")
    desk.get_by_role("button", name="Send reply").click()
    expect(desk.get_by_text("A new roller is on its way.")).to_be_visible()
    jobs.work_off(app)

    if not scripts:
        phone.goto(f"/{ticket}")
    expect(phone.get_by_text("A new roller is on its way.")).to_be_visible(timeout=60_000)
    mails = [mail for mail in jobs.sent(app) if mail["To"] and world.SAM.email in str(mail["To"])]
    assert any("A new roller is on its way." in jobs.words(mail) for mail in mails)
    assert all("Harbor IT" in str(mail["From"]) for mail in mails)
    if scripts:
        assert fits(phone)


def test_a_refused_form_keeps_words_and_files(browse: Any) -> None:
    phone = browse(world.SAM, scripts=False)
    phone.goto("/tickets/new")
    phone.get_by_label("What happened?").fill("I forgot the subject.")
    phone.locator("input[type=file]").set_input_files(
        [{"name": "proof.jpg", "mimeType": "image/jpeg", "buffer": photo()}]
    )
    phone.get_by_role("button", name="Send to").click()
    expect(phone.get_by_label("What happened?")).to_have_value("I forgot the subject.")
    expect(phone.get_by_text("proof.jpg").first).to_be_visible()
    phone.get_by_label("What is it about?").fill("Now it has one")
    phone.get_by_role("button", name="Send to").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("Now it has one")
    expect(phone.get_by_text("proof.jpg").first).to_be_visible()


def test_the_keyboard_is_enough(browse: Any) -> None:
    page = browse(world.SAM, size=DESKTOP)
    page.goto(f"/tickets/{world.OUR_NUMBER}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    page.get_by_label("Write a reply").focus()
    page.keyboard.type("Typed, not clicked.")
    page.get_by_role("button", name="Send reply").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Typed, not clicked.")).to_be_visible()
