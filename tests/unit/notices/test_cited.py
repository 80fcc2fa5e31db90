"""What a letter cites: each article, section or rule stands in the law's data of its place."""

import re

import pytest

from zaoguang.law import provisions
from zaoguang.notices import Regime, regimes

OWN = re.compile(r"(?:listed|identified) in section \d+")  # sections of the letter itself
CITED = re.compile(r"(?:Articles?|[Ss]ections?|rule) ((?:\d+[A-Z]*(?:-\d+)?(?:\(\w+\))*(?:, | and | to )?)+)")
NUMBER = re.compile(r"\d+[A-Z]*(?:-\d+)?")


@pytest.mark.parametrize("regime", regimes(), ids=lambda regime: regime.id)
def test_every_article_a_letter_cites_is_in_the_law_of_its_place(regime: Regime) -> None:
    english = regime.templates["en"]
    cited = {
        number
        for numbers in CITED.findall(OWN.sub("", english))
        for number in NUMBER.findall(re.sub(r"\(\w+\)", "", numbers))
    }
    held = [law for law in provisions() if law.jurisdiction == regime.id[:2].upper()]
    known = set(re.findall(r"\d+[A-Z]*(?:-\d+)?", " ".join(f"{law.article} {law.text('en')}" for law in held)))
    assert cited <= known, cited - known
