"""The machine room for those who run a tenant: mails, failed deliveries, periodic work."""
