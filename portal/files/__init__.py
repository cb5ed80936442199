"""Keeping people's files: what may come in, where it lies, how it goes out."""
