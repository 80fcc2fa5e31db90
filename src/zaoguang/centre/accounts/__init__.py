"""People who work here, their keys and their sessions."""
