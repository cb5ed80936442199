"""Amounts of money in forms: people type units as their language writes them, the code counts minor units."""

import re
from decimal import Decimal
from typing import Any, Final

from babel.numbers import NumberFormatError, format_decimal, parse_decimal
from flask_babel import get_locale, gettext
from wtforms import StringField
from wtforms.validators import StopValidation

MINOR_PER_UNIT: Final = 100
"""Cents of an euro; every currency that the product bills in so far has two places."""
PLACES: Final = 2
LARGEST_MINOR: Final = 10**12
_WRITTEN = re.compile(r"[\d.,' \u00a0\u202f\u2019]{1,24}", re.ASCII)


class AmountField(StringField):
    """An amount in units, such as 1,250.50 in English and 1.250,50 in German; `data` is in minor units or None."""

    data: Any

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else written(self.data)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed. Raises ValueError in words for what is no amount."""
        typed = str(valuelist[0]).strip() if valuelist else ""
        self.data = read(typed) if typed else None

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002  # WTForms' own signature
        """End the chain where the text was no amount: there is no number for another rule to look at."""
        if self.process_errors:
            raise StopValidation


def read(typed: str) -> int:
    """The minor units that somebody means, by the grammar of the page's language. Raises ValueError in words.

    A third place after the point is refused even where it is nought: another
    language's 1.250 would become one and a quarter.
    """
    try:
        units = parse_decimal(typed, locale=_language(), strict=True) if _WRITTEN.fullmatch(typed) else Decimal(-1)
    except NumberFormatError:
        units = Decimal(-1)
    minor = int(units * MINOR_PER_UNIT)
    if not 0 <= minor <= LARGEST_MINOR or -int(units.as_tuple().exponent) > PLACES:
        raise ValueError(gettext("Write an amount such as %(example)s.", example=written(125050)))
    return minor


def written(minor: int) -> str:
    """An amount of minor units as the page's language writes it, without a currency: 500 or 1,250.50."""
    pattern = "#,##0.00" if minor % MINOR_PER_UNIT else "#,##0"
    return format_decimal(Decimal(minor) / MINOR_PER_UNIT, format=pattern, locale=_language())


def _language() -> str:
    return str(get_locale() or "en")
