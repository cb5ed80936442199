"""Files are what they say, or they aren't taken; names are safe and still readable."""

import io
import unicodedata
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.filetypes import ALLOWED, FileRefused, Refusal, clean_name, sniff
from tests.payloads import XSS

PNG, JPEG, GIF = b"\x89PNG\r\n\x1a\n....", b"\xff\xd8\xff\xe0....", b"GIF89a...."
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 100
ZIP = b"PK\x03\x04" + b"\x14\x00\x00\x00" * 10
EXE, ELF = b"MZ\x90\x00\x03\x00\x00\x00", b"\x7fELF\x02\x01\x01\x00"
HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


@pytest.mark.parametrize(
    ("head", "name", "content_type", "extension"),
    [
        (PNG, "screen.png", "image/png", "png"),
        (JPEG, "IMG_0001.JPG", "image/jpeg", "jpg"),
        (JPEG, "photo.jpeg", "image/jpeg", "jpg"),
        (JPEG, "photo.png", "image/jpeg", "jpg"),
        (WEBP, "x.webp", "image/webp", "webp"),
        (GIF, "x.gif", "image/gif", "gif"),
        (PNG, "image", "image/png", "png"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00", "IMG_1.HEIC", "image/heic", "heic"),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00", "IMG_1.heif", "image/heic", "heif"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00", "screen.mp4", "video/mp4", "mp4"),
        (b"\x00\x00\x00\x18ftypqt  \x00\x00", "screen.mov", "video/quicktime", "mov"),
        (b"\x1aE\xdf\xa3\x01", "screen.webm", "video/webm", "webm"),
        (b"II*\x00\x08", "fax.tiff", "image/tiff", "tiff"),
        (b"BM\x36\x00\x0c\x00\x00\x00\x00\x00", "x.bmp", "image/bmp", "bmp"),
        (b"%PDF-1.7\n", "bill.pdf", "application/pdf", "pdf"),
        (b"%PDF-1.7\n", "bill", "application/pdf", "pdf"),
        (b"{\\rtf1", "a.rtf", "application/rtf", "rtf"),
        (ZIP, "a.zip", "application/zip", "zip"),
        (ZIP, "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
        (ZIP, "a.ods", "application/vnd.oasis.opendocument.spreadsheet", "ods"),
        (OLE, "a.doc", "application/msword", "doc"),
        (OLE, "mail.msg", "application/vnd.ms-outlook", "msg"),
        (b"hello\n", "notes.txt", "text/plain", "txt"),
        ("Grüße\n".encode("cp1252"), "notes.txt", "text/plain", "txt"),
        ("\ufeffx\n".encode("utf-16"), "export.csv", "text/csv", "csv"),
        (b"\x1b[31mERROR\x1b[0m\n", "app.log", "text/plain", "log"),
        (b"From: a@b\n\nhi", "mail.eml", "message/rfc822", "eml"),
        (b"BM is short for something", "a.txt", "text/plain", "txt"),
        (b"no extension", "README", "text/plain", "txt"),
        (b"", "x.txt", None, ""),
    ],
)
def test_what_is_taken(head: bytes, name: str, content_type: str | None, extension: str) -> None:
    if content_type is None:
        with pytest.raises(FileRefused) as caught:
            sniff(head, name)
        assert caught.value.reason is Refusal.EMPTY
        return
    found = sniff(head, name)
    assert (found.content_type, found.extension) == (content_type, extension)


@pytest.mark.parametrize("name", ["a.html", "a.HTM", "a.svg", "a.xml", "a.js", "a.mht", "a.json", "a.xhtml", "a.css"])
@pytest.mark.parametrize("head", [HTML, SVG, b"alert(1)", b"<?xml version='1.0'?><x/>"])
def test_what_a_browser_might_run_has_no_type(name: str, head: bytes) -> None:
    assert sniff(head, name).content_type == "application/octet-stream"


@pytest.mark.parametrize(
    "name",
    ["a.exe", "a.EXE", "a.bat", "a.cmd", "a.ps1", "a.vbs", "a.scr", "a.lnk", "a.jar", "a.dll", "a.hta", "a.com",
     "a.iso", "a.docm", "invoice.pdf.exe", "a.exe ", "a.sh", "a.php", "a.py", "a.7z", "a.swf", "a.chm", "a.url",
     "a.msi"],
)  # fmt: skip
@pytest.mark.parametrize("head", [EXE, b"echo hello", PNG, ZIP])
def test_programs_are_not_taken(name: str, head: bytes) -> None:
    with pytest.raises(FileRefused) as caught:
        sniff(head, name)
    assert caught.value.reason is Refusal.KIND


@pytest.mark.parametrize("head", [EXE, ELF, b"\xca\xfe\xba\xbe\x00\x00", b"\x7f\x00\x01" * 50])
@pytest.mark.parametrize("name", ["program", "a.pdf", "a.png", "a.txt", "a.docx", "a.html", "a.doc", "a.mp4"])
def test_programs_in_disguise_are_not_taken(name: str, head: bytes) -> None:
    with pytest.raises(FileRefused):
        sniff(head, name)


@pytest.mark.parametrize(
    ("head", "name"),
    [(HTML, "photo.png"), (SVG, "logo.png"), (SVG, "logo.jpg"), (HTML, "bill.pdf"), (PNG, "a.txt"), (PNG, "a.html"),
     (ZIP, "a.pdf"), (OLE, "a.docx"), (ZIP, "a.doc"), (b"%PDF-", "a.zip"), (b"text", "a.zip"), (b"text", "a.heic"),
     (JPEG, "a.pdf"), (b" %PDF-1.7", "a.pdf"), (b"\x00\x00\x00\x18ftypevil", "a.mp4")],
)  # fmt: skip
def test_the_content_must_agree_with_the_name(head: bytes, name: str) -> None:
    with pytest.raises(FileRefused) as caught:
        sniff(head, name)
    assert caught.value.reason is Refusal.MISMATCH


def test_a_real_office_file_is_taken() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    assert sniff(file.getvalue(), "Angebot.DOCX").extension == "docx"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=64), st.text(max_size=20), st.sampled_from([*sorted(ALLOWED), "exe", "", "x"]))
def test_no_content_gets_a_type_that_runs(head: bytes, stem: str, extension: str) -> None:
    try:
        found = sniff(head, f"{stem}.{extension}")
    except FileRefused:
        return
    assert found.content_type not in {"text/html", "image/svg+xml", "text/xml", "application/xml", "text/javascript"}
    assert found.extension in ALLOWED


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Über uns, Größe.pdf", "Über uns, Größe.pdf"),
        ("תמונה.png", "תמונה.png"),
        ("报告.docx", "报告.docx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Sam\\photo.jpg", "photo.jpg"),
        ("/etc/shadow.txt", "shadow.txt"),
        ("a\x00b\r\nc\x1b.txt", "abc.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u2066a\u2069.txt", "a.txt"),
        ('a<b>:"c|d?e*.txt', "a_b___c_d_e_.txt"),
        ("...", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("CON.txt", "_CON.txt"),
        ("lpt1", "_lpt1"),
        ("a.txt. . ", "a.txt"),
        ("a \t  b.txt", "a b.txt"),
        ("Mu\u0308ller.txt", "Müller.txt"),
        ("👩\u200d💻.png", "👩\u200d💻.png"),
    ],
)
def test_names_are_cleaned_and_still_read(name: str, expected: str) -> None:
    assert clean_name(name) == expected


@pytest.mark.parametrize(
    ("name", "extension", "expected"),
    [
        ("photo.png", "jpg", "photo.jpg"),
        ("photo.jpeg", "jpg", "photo.jpeg"),
        ("photo.JPG", "jpg", "photo.jpg"),
        ("image", "png", "image.png"),
        ("report.2026", "pdf", "report.2026.pdf"),
        ("README", "txt", "README.txt"),
        (".png", "png", "png.png"),
    ],
)
def test_names_end_as_their_content_says(name: str, extension: str, expected: str) -> None:
    assert clean_name(name, extension) == expected


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(st.text(max_size=400), st.sampled_from(XSS), st.text(alphabet="é😀a./\\ \u202e", max_size=300)),
    st.sampled_from([None, "png", "docx", "txt"]),
)
def test_any_name_comes_out_safe(name: str, extension: str | None) -> None:
    made = clean_name(name, extension)
    assert made
    assert len(made) <= 121
    assert len(made.encode()) <= 205
    assert not set(made) & set('/\\<>:"|?*\r\n\t\x00')
    assert not any(unicodedata.category(each)[0] == "C" and each not in "\u200c\u200d" for each in made)
    assert made.strip(". ") == made
    assert clean_name(made, extension) == made


def test_long_names_keep_their_ending() -> None:
    assert clean_name("a" * 500 + ".docx") == "a" * 115 + ".docx"
    assert clean_name("é" * 500 + ".docx").endswith("é.docx")
    assert len(clean_name("😀" * 500 + ".png").encode()) <= 200
