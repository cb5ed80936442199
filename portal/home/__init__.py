"""What looks across the domains: the dashboard."""
