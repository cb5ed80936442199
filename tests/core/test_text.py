"""Markdown comes out as harmless HTML, whatever went in."""

import html
import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.core import effort
from portal.core.text import line, one_line, plain, tidy, to_html
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


WORST = {
    "open brackets": "[" * 20_000,
    "nested brackets": "[" * 10_000 + "]" * 10_000,
    "brackets that close first": "]" * 10_000 + "[" * 10_000,
    "nested links": "[" * 4_000 + "](x)" * 4_000,
    "links cut off": "[a](<b" * 3_000,
    "pictures": "![](" * 5_000,
    "stars": "*a " * 7_000,
    "more stars": "***" * 6_000 + "a",
    "both emphases": "_a__b_" * 3_000,
    "struck through": "~~" * 10_000,
    "ticks": "`" * 20_000 + "a",
    "ticks of each length": "".join("`" * length + "a" for length in range(1, 199)),
    "tags": "<" * 20_000,
    "entities": "&" * 20_000,
    "escapes": "\\" * 20_000,
    "parentheses": "(" * 20_000,
    "quotes": "> " * 10_000,
    "quotes that go on": "> " * 60 + "a\n" + "b\n" * 9_900,
    "some quotes that go on": "> " * 15 + "a\n" + "b\n" * 9_900,
    "items": "- " * 10_000 + "x",
    "items in items": "\n".join(" " * (2 * level) + "- a" for level in range(140)),
    "quotes of numbers": "> 1. " * 4_000,
    "lines": "a\n" * 10_000,
    "lines that break": "a  \n" * 5_000,
    "wide lines": "|a" * 10_000 + "\n|-",
    "a wide table of short rows": "a|" * 500 + "\n" + "-|" * 500 + "\n" + "a|\n" * 6_000,
    "a quoted one": "> " + "a|" * 500 + "\n> " + "-|" * 500 + "\n" + "> a\n" * 4_000,
    "names of addresses": "[a]: b\n" * 2_800,
    "addresses": "http://" * 3_000,
    "half addresses": "://" * 6_600,
    "mail addresses": "a@b.co " * 2_800,
    "half mail addresses": "a@" * 10_000,
    "a long host": "https://a." + "a." * 10_000,
}
MOST_CALLS = 1_500_000
"""Of Python functions, to write 20,000 characters as HTML and as text: prose of that length takes 300,000."""


@pytest.mark.parametrize("name", WORST)
def test_no_text_of_a_forms_length_takes_long(name: str) -> None:
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    text = WORST[name][:20_000]
    sys.setprofile(count)
    try:
        to_html.__wrapped__(text)
        plain(text)
        one_line(text)
    finally:
        sys.setprofile(None)
    assert calls < MOST_CALLS


@pytest.mark.parametrize("name", ["half addresses", "mail addresses"])
def test_what_only_the_search_for_addresses_would_pay_for_is_left_unparsed(name: str) -> None:
    assert to_html(WORST[name]) == "<p>" + html.escape(WORST[name]).replace("\n", "<br>\n") + "</p>"


ORDINARY = {
    "a log": "[INFO] **started** worker_1 at http://10.0.0.1:80/ (a|b)\n" * 340,
    "an answer to an answer": "> > > > > They wrote\n> > > > this\n\n" * 200,
    "a list": "- one\n  - two\n    1. three\n       - four\n" * 300,
    "a table": "|name|size|state|\n|:-|-:|-|\n" + "|printer|3|on|\n" * 1_000,
    "a program": "```\n" + " " * 60 + "if a[0][1] > b: return {}\n" * 400 + "```",
    "a rule": "**a**\n\n" + "-" * 80 + "\n\n" + "=" * 80 + "\n",
    "a drawing": "\n".join(" " * space + "|---|" for space in range(70)) + "\n\n**end**",
    "people": "".join(f"**{number}** somebody{number}@example.com\n" for number in range(500)),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_what_people_paste_is_parsed(name: str) -> None:
    assert not effort.is_too_much(ORDINARY[name])


@pytest.mark.parametrize(
    ("text", "levels"),
    [("a\n\nb", 0), ("> a", 1), (">>>a", 3), ("- a", 1), ("- - - a", 3), ("> 1. a", 3), ("      - a", 4), ("-a", 0),
     ("        a", 0), ("a > b", 0), ("\t- a", 3), ("2) a\n> > b", 2)],
)  # fmt: skip
def test_depth_is_rather_over_than_underrated(text: str, levels: int) -> None:
    assert effort.depth(text) == levels


def test_overlong_text_is_shown_unparsed() -> None:
    text = "*x* <b>" * (effort.LONGEST // 7 + 1)
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
