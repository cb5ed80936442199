"""Mail addresses: what counts as one, and the key by which two spellings are the same."""

import re
import unicodedata

LONGEST = 254
"""Characters; RFC 5321 leaves no room for more between `<` and `>`."""

_PLAIN = r"[^\s@<>()\[\]\\,;:\"\x00-\x1f\x7f]"
_LABEL = r"[^\s@.<>()\[\]\\,;:\"\x00-\x1f\x7f]{1,63}"
_ADDRESS = re.compile(rf"{_PLAIN}{{1,64}}@(?:{_LABEL}\.)+{_LABEL}")


def email_key(address: str) -> str:
    """The key of an address: NFKC and casefold, without blanks around it. Mail goes to the address as stored.

    >>> email_key(" Sam@BrightDental.example")
    'sam@brightdental.example'
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", address.strip()).casefold())


def is_address(text: str) -> bool:
    """Whether a text is one plain mail address: no list, no name beside it, nothing that breaks a header.

    Nor a domain whose key is another domain's: `straße.example` and `strasse.example` have two owners and one key.

    >>> [is_address(f"sam@{each}.example") for each in ("Strasse", "straße", "STRAẞE", "MÜNCHEN", "σας")]
    [True, False, False, True, False]
    """
    if len(text) > LONGEST or _ADDRESS.fullmatch(text) is None:
        return False
    domain = text.rpartition("@")[2]
    return email_key(domain) == unicodedata.normalize("NFC", domain).lower()
