"""Telling people: who reads, what they get, in which words, and that each mail leaves once.

`notify` writes one mail to one person; a job sends it. The floors above say what
happened and to whom it matters (`letters`), this one knows only people, their
languages and scopes, templates and channels.
"""
