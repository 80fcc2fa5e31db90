"""One sandbox for all the room's tests."""

from collections.abc import Iterator

import pytest

from zaoguang.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(children=2) as opened:
        yield opened
