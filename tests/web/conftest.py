"""A made-up centre for every test of the pages."""

import pytest

from tests.support.made_centre import MadeCentre, make_centre


@pytest.fixture
def centre(db: None) -> MadeCentre:
    """Give a centre with one case and a person of each kind."""
    del db
    return make_centre()
