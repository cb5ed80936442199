"""People who sign in: users, their proofs, sessions, memberships, roles and permissions."""
