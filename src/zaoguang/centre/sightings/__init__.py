"""Links that a person checks, and the copies found there."""
