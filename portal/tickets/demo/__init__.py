"""The demo's tickets: scripted stories, told about the clients of a tenant."""
