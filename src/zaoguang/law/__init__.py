"""The law as data: which provision says what, since when, how sure we are, and where that was read.

Not legal advice: every text here is in our own words, carries its grade and its source, and needs a lawyer's eye
before it is relied on. ``grade`` is P (the primary text was read), S (read at second hand) or M (from memory);
whatever is M ships as ``verified: false`` and should be shown so.
"""

from zaoguang.law.model import Clock, ClockBasis, Grade, Jurisdiction, Provision, Source, Wording
from zaoguang.law.provisions import jurisdiction, jurisdictions, load_provisions, provision, provisions

__all__ = [
    "Clock",
    "ClockBasis",
    "Grade",
    "Jurisdiction",
    "Provision",
    "Source",
    "Wording",
    "jurisdiction",
    "jurisdictions",
    "load_provisions",
    "provision",
    "provisions",
]
