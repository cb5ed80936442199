"""The pages of this domain: the staff's and the client's."""

from flask import Blueprint

admin = Blueprint("trail", __name__, url_prefix="/admin")
account = Blueprint("activity", __name__, url_prefix="/account")
