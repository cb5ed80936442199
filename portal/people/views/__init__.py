"""Pages of this domain, one capability a file."""
