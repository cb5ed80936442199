"""Invented data of any size: believable, harmless, the same for the same seed and day. Never in production."""
