"""Pages of people who aren't in yet, or can't get back in: links from mails, forgotten passwords, invitations."""
