"""What files bring into the application: a table, two duties and what removes originals, declared by being imported."""

from portal.files import models, orphans, staging

__all__ = ["models", "orphans", "staging"]
