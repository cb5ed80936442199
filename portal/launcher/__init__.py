"""Development only: real servers from wheels, `make run`, and the servers that tests use.

The production image doesn't contain this package; only `wsgi.py` asks it, through
`attach`, for what a development environment leaves out.
"""
