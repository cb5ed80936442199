"""The pages of this domain."""

from flask import Blueprint

bp = Blueprint("people", __name__)
