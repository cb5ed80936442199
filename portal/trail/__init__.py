"""The audit trail as people read it, what of it is unusual, and how long it is kept."""
