"""Events and jobs: what happened is written down with the change itself, and every handler hears of it exactly once."""
