"""What people write: cleaned as it comes in, shown as safe HTML, mailed as plain text.

Markdown becomes HTML in two independent steps: a parser that knows no raw HTML, then an allow-list
that drops whatever isn't named in it. Nothing that results loads anything or runs: pictures become
links, and there are no classes, ids, styles, `hx-` or `data-` attributes.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup, escape

from portal.core.effort import is_too_much
from portal.core.plain import written

__all__ = ["has_web_address", "line", "one_line", "plain", "tidy", "to_html"]

_TAGS: Final = {
    "p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "a",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_SCHEMES: Final = {"http", "https", "mailto", "tel"}
_BLOCKS: Final = ("p", "li", "blockquote", "td", "th")
_cleaner = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags={"script", "style"},
    attributes={"*": set(), "a": {"href"}, "ol": {"start"}},
    url_schemes=_SCHEMES,
    url_relative="deny",
    link_rel="noopener nofollow ugc",
    set_tag_attribute_values={tag: {"dir": "auto"} for tag in _BLOCKS},
    strip_comments=True,
)

# Everything below a space but tab and line feed, what C1 adds, what turns text round (marks and isolates, which
# right-to-left languages need, stay), and halves of surrogate pairs.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")
_WEB_ADDRESS = re.compile(r"://|\bwww\.", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


class _Renderer(RendererHTML):
    """Headings and pictures as a conversation needs them."""

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """A link to the picture: showing it would tell its server who reads, and when."""
        token = tokens[idx]
        label = escape(self.renderInlineAsText(token.children, options, env)) if token.children else Markup("")
        source = token.attrGet("src") or ""
        if _is_in_link(tokens[:idx]) or not source:
            return str(label)
        return str(Markup('<a href="{}">{}</a>').format(source, label or source))

    def heading_open(self, *_: Any) -> str:
        """A paragraph in bold: headings inside a comment would tear the page's outline."""
        return "<p><strong>"

    def heading_close(self, *_: Any) -> str:
        """See `heading_open`."""
        return "</strong></p>\n"


def _is_in_link(before: Sequence[Token]) -> bool:
    return sum(token.nesting for token in before if token.type in {"link_open", "link_close"}) > 0


def _parser() -> MarkdownIt:
    options = {"html": False, "linkify": True, "breaks": True, "maxNesting": 100}
    parser = MarkdownIt("commonmark", options, renderer_cls=_Renderer).enable(["linkify", "table", "strikethrough"])
    # Only whole addresses: `setup.sh` and `notes.md` would be names in somebody's country domain.
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": True})  # type: ignore[union-attr]  # there with the extra
    return parser


_markdown = _parser()


@lru_cache(maxsize=2048)
def to_html(text: str) -> Markup:
    """Markdown as safe HTML. Put it inside an element with `hx-ignore`."""
    if is_too_much(text):
        return Markup("<p>{}</p>").format(Markup("<br>\n").join(text.split("\n")))
    return Markup(_cleaner.clean(_markdown.render(text)))  # noqa: S704 - this is where it becomes safe


def plain(text: str) -> str:
    """Markdown as plain text for mails: without marks, with the addresses of links."""
    return text if is_too_much(text) else written(_markdown.parse(text))


def one_line(text: str, longest: int = 160) -> str:
    """The beginning of a text on one line, for lists and notices; cut at a word, with an ellipsis."""
    start = text[: 8 * longest]
    words = start if is_too_much(start) else written(_markdown.parse(start), with_links=False)
    words = _SPACES.sub(" ", words).strip()
    if len(words) <= longest:
        return words
    return words[: longest - 1].rsplit(" ", 1)[0].rstrip(" ,.;:-") + "…"


def tidy(text: str) -> str:
    """A text of several lines as we keep it: composed characters, plain line ends, no control characters."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _CONTROLS.sub("", text).strip("\n").rstrip()


def has_web_address(text: str) -> bool:
    """Whether mail programs would make a link of something in the text: no name has that in it."""
    return _WEB_ADDRESS.search(unicodedata.normalize("NFKC", text)) is not None


def line(text: str) -> str:
    """A text of one line (a subject, a name) as we keep it: like `tidy`, in one line."""
    return _SPACES.sub(" ", tidy(text)).strip()
