"""What files bring into the application: a table and two duties, declared by being imported."""

from portal.files import models, orphans, staging

__all__ = ["models", "orphans", "staging"]
