"""Telling people: what goes out, to whom, in which words."""
