"""Verbs of identity: signing in and out, sessions, people and their roles."""
