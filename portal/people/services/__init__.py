"""Verbs of this domain: looking on, seats, a client's own users, colleagues, reviews, groups."""
