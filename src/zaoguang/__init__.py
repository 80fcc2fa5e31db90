"""Zaoguang: a deletion-support centre in a box."""
