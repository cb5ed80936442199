"""Who may do and see what, and why: the console's pages over roles, what narrows them, and the ways in."""
