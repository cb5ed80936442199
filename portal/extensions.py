"""The Flask extensions, made once and bound to an app by `create_app`.

This module alone imports Flask-SQLAlchemy, so that its 3.1 series, which
predates SQLAlchemy 2.1, can be replaced in one place.
"""

from typing import Any

from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy  # noqa: TID251  # this is that one importer

from portal.core.db import metadata
from portal.core.web.phrases import Language

db: Any = SQLAlchemy(metadata=metadata, session_options={"expire_on_commit": False, "autoflush": True})
migrate = Migrate()
login = LoginManager()
babel = Language()
