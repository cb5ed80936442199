"""The MSPs: who they are, at which hosts they answer, how they look."""
