"""The demo's people, how far they may go, and what the trail tells of them."""
