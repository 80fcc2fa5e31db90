"""Drafts, confirmations, attempts, answers and what is due."""
