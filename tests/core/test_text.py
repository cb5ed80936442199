"""Markdown comes out as harmless HTML, whatever went in."""

import html
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core.text import LONGEST, line, one_line, plain, tidy, to_html
from tests.payloads import XSS

_ATTRIBUTE = r' (?:href="(?P<href>[^"<>]*)"|rel="noopener nofollow ugc"|dir="auto"|start="\d+")'
_TAG = re.compile(
    r"</?(?:p|br|strong|em|s|code|pre|blockquote|ul|ol|li|hr|a|table|thead|tbody|tr|th|td)(?=[ >])"
    r"(?P<attributes>[^<>]*)>"
)
_ATTRIBUTES = re.compile(rf"(?:{_ATTRIBUTE.replace('?P<href>', '')})*")
_REL = 'rel="noopener nofollow ugc"'
_ADDRESS = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)


def faults(made: str) -> list[str]:
    """What in the HTML is beyond the few tags and attributes that we mean."""
    found = [one for one in re.findall(r"<[^>]*>?", made) if not _TAG.fullmatch(one)]
    for tag in _TAG.finditer(made):
        if not _ATTRIBUTES.fullmatch(tag["attributes"]):
            found.append(tag[0])
        found += [one for one in re.findall(r'href="([^"]*)"', tag[0]) if not _ADDRESS.match(html.unescape(one))]
        if tag[0].startswith("<a ") and "href" in tag[0] and 'rel="noopener nofollow ugc"' not in tag[0]:
            found.append(tag[0])
    return found


def test_there_are_enough_payloads() -> None:
    assert len(set(XSS)) >= 300


@pytest.mark.parametrize("hostile", XSS)
def test_a_payload_comes_out_harmless(hostile: str) -> None:
    for text in (hostile, f"words {hostile} words", f"- {hostile}", f"> {hostile}", f"[{hostile}](https://ok.example)",
                 f"[x]({hostile})", f"![{hostile}](https://ok.example)", f"`{hostile}`", f"<{hostile}>",
                 f"# {hostile}", f"**{hostile}", tidy(hostile)):  # fmt: skip
        assert faults(to_html(text)) == [], text


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from([*XSS, "\n", "\n\n", "[", "](", ")", "<", ">", '"', "'", "`", "*", "|", "&", "\\", "!"]),
        max_size=6,
    )
)
def test_payloads_joined_come_out_harmless(parts: list[str]) -> None:
    assert faults(to_html("".join(parts))) == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_shown_and_mailed(text: str) -> None:
    assert faults(to_html(text)) == []
    plain(text)
    assert "\n" not in one_line(text)
    assert tidy(tidy(text)) == tidy(text)
    assert line(line(text)) == line(text)
    line(text).encode()


def test_the_check_itself_sees_faults() -> None:
    for bad in ("<script>", "<p onclick=x>", '<a href="javascript:x" rel="noopener nofollow ugc">', "<img src=x>",
                '<a href="https://x">', '<p class="x">', "<p", '<p dir="auto" id="x">'):  # fmt: skip
        assert faults(bad), bad


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**bold** *so* ~~not~~ `x`", "<strong>bold</strong> <em>so</em> <s>not</s> <code>x</code>"),
        ("one\ntwo", "one<br>\ntwo"),
        ("# Title", "<strong>Title</strong>"),
        ("3. three", '<ol start="3">'),
        ("```py\nx < 1\n```", "<pre><code>x &lt; 1\n</code></pre>"),
        ("see https://a.example/x?y=1&z=2", 'href="https://a.example/x?y=1&amp;z=2"'),
        ("mail jo@acme.com", 'href="mailto:jo@acme.com"'),
        ("[call](tel:+49123)", 'href="tel:+49123"'),
        ("run setup.sh in notes.md", "run setup.sh in notes.md"),
        ("![the error](https://i.example/e.png)", '<a href="https://i.example/e.png" ' + _REL + ">the error</a>"),
        ("![](https://i.example/e.png)", ">https://i.example/e.png</a>"),
        ("[![a](https://i.example/e.png)](https://b.example)", '<a href="https://b.example" ' + _REL + ">a</a>"),
        ("|a|b|\n|-|-|\n|1|2|", '<td dir="auto">1</td>'),
        ("مرحبا", '<p dir="auto">مرحبا</p>'),
    ],
)  # fmt: skip
def test_what_people_write_is_shown(text: str, expected: str) -> None:
    assert expected in to_html(text)


def test_deep_quotes_keep_their_words() -> None:
    assert "hello" in to_html("> " * 40 + "hello")


@pytest.mark.parametrize(
    "text",
    ["[" * 20_000, "*a " * 7_000, "![](" * 5_000, "`" * 20_000 + "a", "> " * 10_000, "<" * 20_000, "***" * 6_000 + "a",
     "http://" * 3_000, "a@" * 10_000, "|a" * 10_000 + "\n|-", "- " * 10_000 + "x", "&" * 20_000, "\\" * 20_000,
     "[a](<b" * 3_000, "_a__b_" * 3_000, "[" * 10_000 + "]" * 10_000, "https://a." + "a." * 10_000,
     "(" * 20_000, "~~" * 10_000],
    ids=lambda text: text[:6],
)  # fmt: skip
def test_no_text_of_a_forms_length_takes_long(text: str) -> None:
    began = time.process_time()
    to_html(text[:20_000])
    plain(text[:20_000])
    one_line(text)
    assert time.process_time() - began < 3


def test_overlong_text_is_shown_unparsed() -> None:
    text = "*x* <b>" * (LONGEST // 7 + 1)
    assert to_html(text) == f"<p>{html.escape(text)}</p>"
    assert plain(text) == text


def test_brackets_of_a_pasted_log_are_parsed() -> None:
    made = to_html("[INFO] **started**\n" * 700)
    assert made.count("<strong>started</strong>") == 700


def test_too_many_open_brackets_are_shown_unparsed() -> None:
    assert to_html("[" * 501 + "\n<b>") == f"<p>{'[' * 501}<br>\n&lt;b&gt;</p>"


def test_mail_text_reads_like_a_letter() -> None:
    source = (
        "Hello **you**\nnext line\n\n- one\n- two\n  1. a\n  2. b\n\n> quoted\n\n```\nx = 1\n```\n\n"
        "See [the guide](https://a.example/g), <https://b.example> or ![pic](https://c.example/p.png).\n\n---\n\n"
        "|a|b|\n|-|-|\n|1|2|\n\n1. first\n2. second"
    )
    assert plain(source) == (
        "Hello you\nnext line\n\n- one\n- two\n  1. a\n  2. b\n\n> quoted\n\n    x = 1\n\n"
        "See the guide <https://a.example/g>, https://b.example or pic <https://c.example/p.png>.\n\n----\n\n"
        "a | b\n1 | 2\n\n1. first\n2. second"
    )


def test_mail_text_keeps_loose_lists_apart() -> None:
    assert plain("- a\n\n- b\n\n  > q\n\n  more\n- c\n\nend") == "- a\n\n- b\n\n  > q\n\n  more\n\n- c\n\nend"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mail is **slow**\n\nsince [today](https://a.example)", "Mail is slow since today"),
        ("word " * 100, "word word word word word…"),
        ("x" * 100, "x" * 29 + "…"),
        ("", ""),
        ("> \n", ""),
    ],
)
def test_excerpts(text: str, expected: str) -> None:
    assert one_line(text, 30) == expected
    assert len(one_line(text, 30)) <= 30


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nb\rc\n\n", "a\nb\nc"),
        ("\n\n  indented\ttab", "  indented\ttab"),
        ("nul\x00 bell\x07 esc\x1b[31m c1\x9b del\x7f", "nul bell esc[31m c1 del"),
        ("exe\u202egpj.x \ud800", "exegpj.x"),
        ("Mu\u0308ller", "Müller"),
        ("\u200fשלם\u2068x\u2069", "\u200fשלם\u2068x\u2069"),
    ],
)
def test_texts_are_tidied(text: str, expected: str) -> None:
    assert tidy(text) == expected


def test_a_line_is_one_line() -> None:
    assert line("  a\r\nb\t\u00a0 c\u2028d\u202e ") == "a b c d"
