"""The benchmark: `make bench`. One machine, one run, one table."""
