"""Deadlines of cases: stored, shown as a list and as a calendar file, changed only by a person."""
