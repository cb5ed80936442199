"""Requests for help and the conversation on each."""
