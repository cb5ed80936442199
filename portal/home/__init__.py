"""What looks across: a client's first page, and how to reach the MSP."""
