"""What every domain stands on; it knows nothing of tickets or invoices."""
