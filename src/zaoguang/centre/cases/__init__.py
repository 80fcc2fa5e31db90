"""A case, its members, its consents and notes."""
