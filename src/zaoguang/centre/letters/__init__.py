"""Answers to notices: fetched from a mailbox, matched, sealed to those who may read them, settled by a person."""
