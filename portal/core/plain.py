"""Parsed Markdown written as plain text, for the text part of mails and for excerpts."""

from collections.abc import Sequence

from markdown_it.token import Token

_INDENT = "    "
_MARKS = {"blockquote_open": "> ", "list_item_open": "  "}


def written(tokens: Sequence[Token], *, with_links: bool = True) -> str:
    """The text of these blocks; `with_links` adds the address behind a link where the words don't say it."""
    writer = _Writer(with_links=with_links)
    for token in tokens:
        writer.take(token)
    return "\n".join(line.rstrip() for line in writer.lines).strip("\n")


class _Writer:
    """Collects lines; knows which quotes and lists it stands in."""

    def __init__(self, *, with_links: bool) -> None:
        self.lines: list[str] = []
        self._with_links = with_links
        self._prefixes: list[str] = []
        self._numbers: list[int | None] = []
        self._bullet: str | None = None
        self._blank: list[str] | None = None
        self._row: list[str] | None = None

    def take(self, token: Token) -> None:
        """Write one block token."""
        kind = token.type
        if kind in {"bullet_list_open", "ordered_list_open"}:
            start = token.attrGet("start")
            self._numbers.append(int(start or 1) if kind == "ordered_list_open" else None)
        elif kind in {"bullet_list_close", "ordered_list_close"}:
            self._numbers.pop()
            self._gap()
        elif kind in _MARKS:
            self._open(kind)
        elif kind in {"blockquote_close", "list_item_close"}:
            self._prefixes.pop()
            self._close(kind)
        elif kind in {"tr_open", "tr_close"}:
            self._table_row(is_open=kind == "tr_open")
        else:
            self._content(token)

    def _open(self, kind: str) -> None:
        if kind == "list_item_open":
            number = self._numbers[-1]
            self._bullet = "- " if number is None else f"{number}. "
            if number is not None:
                self._numbers[-1] = number + 1
        self._prefixes.append(_MARKS[kind])

    def _close(self, kind: str) -> None:
        """A blank line that was due belongs to what stays open, not to what has just ended."""
        if self._blank is not None:
            self._blank = self._blank[: len(self._prefixes)]
        elif kind == "blockquote_close":
            self._gap()

    def _content(self, token: Token) -> None:
        if token.type == "inline":
            text = _inline(token.children or [], with_links=self._with_links)
            if self._row is not None:
                self._row.append(text)
                return
            self._write(text)
        elif token.type in {"fence", "code_block"}:
            self._write("\n".join(_INDENT + line for line in token.content.rstrip("\n").split("\n")))
            self._gap()
        elif token.type == "hr":
            self._write("----")
            self._gap()
        elif token.type in {"paragraph_close", "heading_close", "table_close"} and not token.hidden:
            self._gap()

    def _table_row(self, *, is_open: bool) -> None:
        if is_open:
            self._row = []
        elif self._row is not None:
            cells, self._row = self._row, None
            self._write(" | ".join(cells))

    def _write(self, text: str) -> None:
        if self._blank is not None and self.lines:
            self.lines.append("".join(self._blank))
        self._blank = None
        for line in text.split("\n"):
            prefixes = list(self._prefixes)
            if self._bullet is not None and prefixes:
                prefixes[-1], self._bullet = self._bullet, None
            self.lines.append("".join(prefixes) + line)

    def _gap(self) -> None:
        """Leave a line blank before whatever comes next, if anything does."""
        self._blank = list(self._prefixes)


def _inline(tokens: Sequence[Token], *, with_links: bool) -> str:
    """The words of a line, line breaks kept."""
    words: list[str] = []
    links: list[tuple[str, int]] = []
    for token in tokens:
        if token.type == "link_open":
            links.append((str(token.attrGet("href") or ""), len(words)))
        elif token.type == "link_close":
            href, start = links.pop()
            if with_links and not _says(href, "".join(words[start:])):
                words.append(f" <{href}>")
        elif token.type == "image":
            label, source = token.content, str(token.attrGet("src") or "")
            words.append(f"{label} <{source}>".strip() if with_links and not links else label)
        elif token.type in {"softbreak", "hardbreak"}:
            words.append("\n")
        else:
            words.append(token.content)
    return "".join(words)


def _says(href: str, words: str) -> bool:
    """Whether the words are the link's address already."""
    return words.strip().rstrip("/") in {href.rstrip("/"), href.removeprefix("mailto:"), href.removeprefix("tel:")}
