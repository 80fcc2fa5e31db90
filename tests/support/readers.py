"""Stand-ins for the one process that fetches: they give reports made up by the test, and remember what was asked."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from zaoguang.fingerprint import Fingerprint
from zaoguang.watch import Fetched, PageReport, PictureSeen, Reader, Unread

MOMENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def fetched(address: str, status: int = 200) -> Fetched:
    """Give the record of an address that answered."""
    return Fetched(address, address, (), status, (), MOMENT, MOMENT, "127.0.0.1", 1000, "ab" * 32)


def picture_of(page: str) -> str:
    """Give the address of the one picture on a made-up page."""
    return f"{page}/picture.jpg"


def shows(shown: Fingerprint) -> Callable[[str, str], PageReport]:
    """Give what reports every page as showing one picture with that fingerprint; a picture's address is itself."""

    def report(link: str, address: str) -> PageReport:
        at = address if address.endswith(".jpg") else picture_of(address)
        return PageReport(link, address, fetched(address), (PictureSeen(at, fetched(at), shown),))

    return report


def unread(why: Unread) -> Callable[[str, str], PageReport]:
    """Give what reports every page as unread for that reason."""
    return lambda link, address: PageReport(link, address, why)


@dataclass
class MadeReader:
    """Answers with made-up reports; ``before_each`` runs before each report, as if time passed while reading."""

    answer: Callable[[str, str], PageReport]
    before_each: Callable[[int], None] = lambda _number: None
    asked: list[str] = field(default_factory=list)

    def read(
        self, links: Iterable[tuple[str, str]], *, also: Mapping[str, Collection[str]] | None = None
    ) -> Iterator[PageReport]:
        """Give one report for each link."""
        del also
        for link, address in links:
            self.before_each(len(self.asked))
            self.asked.append(address)
            yield self.answer(link, address)

    def as_reader(self) -> Reader:
        """Give it where a reader is wanted."""
        return cast("Reader", self)
