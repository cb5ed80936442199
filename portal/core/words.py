"""Words that are kept in one language and shown in the reader's."""


def N_(words: str) -> str:  # noqa: N802  # the name under which `make words` looks for it
    """The words as they are, marked for translation; whoever shows them asks gettext.

    For what is written into the database, or spoken of before there is a reader.
    """
    return words
