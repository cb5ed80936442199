"""Who is asking, and the two lines of defence that hold every query to it.

The first line is the session filter (`filter`), the second PostgreSQL's
row-level security, whose policies the migrations write. Both are made from the
table class that each model declares (`tables`).
"""
