"""How requests come in and answers go out: pages, fragments, errors, headers."""
