"""The type of what lists and pages select."""

from typing import Any

from sqlalchemy import Select

Rows = Select[*tuple[Any, ...]]
"""A statement of columns, whose rows a page reads by name."""
