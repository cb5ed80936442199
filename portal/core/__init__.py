"""What every domain stands on; knows nothing of tickets or invoices."""
