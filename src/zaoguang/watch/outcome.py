"""What a later look at a sighting means. Pure rules; the last of them is "unclear", and "removed" is never a guess."""

from collections.abc import Collection
from enum import StrEnum

from zaoguang.fingerprint import Fingerprint, Reason, Unhashable
from zaoguang.watch.report import Fetched, PageReport, PictureSeen, Unread

__all__ = ["Finding", "judge"]


class Finding(StrEnum):
    """What became of one picture at one address."""

    STILL_THERE = "still_there"
    MOVED = "moved"  # the page shows the item at another picture address
    REMOVED = "removed"
    GEOBLOCKED = "geoblocked"  # kept from this country only; never counted as removed
    DEAD = "dead"  # no such site, or nothing listens there
    ACCOUNT_CLOSED = "account_closed"
    INTERSTITIAL = "interstitial"  # an age gate or a cookie wall stands before the page; never counted as removed
    LOGIN_WALL = "login_wall"  # shown to those who are let in; never counted as removed
    UNCLEAR = "unclear"  # a person must look, or a later recheck


_GONE = frozenset([404, 410])
_LEGAL = 451  # RFC 7725
_WALLED = frozenset([401, 403])
_OK = range(200, 300)
_DEAD = frozenset([Unread.UNKNOWN_HOST, Unread.REFUSED_CONNECTION])
# No copy that could be matched is behind these.
_CANNOT_HIDE = frozenset([Reason.NOT_A_PICTURE, Reason.EMPTY, Reason.BLANK, Reason.TOO_SMALL, Reason.LOW_QUALITY])


def judge(picture_address: str, report: PageReport, matched: Collection[str]) -> Finding:
    """Say what became of the picture that was seen at `picture_address` on the page of `report`.

    `matched` holds the addresses of the report's pictures that match the item now. The first rule that fits decides:

    1.  The picture itself matches: still_there, whatever the statuses say.
    2.  Another picture of the report matches: moved.
    3.  The page could not be read: dead if there is no such name or the connection is refused, and the picture
        itself, if it was looked at, fares no better; else unclear.
    4.  The page or the picture answers 451, or the page says that it is not for this region: geoblocked.
    5.  The page says that the account is closed, and the picture was not readable: account_closed.
    6.  The page answers 404 or 410: removed if the picture was not looked at, or is gone too, or shows something else
        now; else unclear.
    7.  The page answers 401 or 403: login_wall, but unclear if a bot check answered in the page's place.
    8.  The page answers 2xx: the picture answers 404 or 410, or can be read and is another picture now: removed,
        provided nothing on the page was left unseen in which the item could be, and no gate stands before it; the
        picture's own site is dead: dead.
    9.  The page answers 2xx without the picture and has a password field: login_wall.
    10. The page answers 2xx without the picture, and asks for an age or cookies first: interstitial.
    11. Everything else, "not found" words on a page that answers 200 among it: unclear.
    """
    if picture_address in matched:
        return Finding.STILL_THERE
    if any(picture.address in matched for picture in report.pictures):
        return Finding.MOVED
    picture = next((each for each in report.pictures if each.address == picture_address), None)
    if isinstance(report.page, Unread):
        picture_lives = picture is not None and picture.fetched not in _DEAD
        return Finding.DEAD if report.page in _DEAD and not picture_lives else Finding.UNCLEAR
    return _by_words(report, report.page, picture) or _by_status(report, report.page, picture)


def _by_words(report: PageReport, page: Fetched, picture: PictureSeen | None) -> Finding | None:
    if page.status == _LEGAL or _status(picture) == _LEGAL:
        return Finding.GEOBLOCKED
    if _status(picture) in _OK:
        return None
    if report.signals.region_words:
        return Finding.GEOBLOCKED
    return Finding.ACCOUNT_CLOSED if report.signals.account_words else None


def _by_status(report: PageReport, page: Fetched, picture: PictureSeen | None) -> Finding:
    if page.status in _GONE:
        gone = picture is None or _gone_or_other(picture)
        return Finding.REMOVED if gone and not _unseen(report) else Finding.UNCLEAR
    if page.status in _WALLED:
        challenged = any(name == "cf-mitigated" for name, _ in page.headers)
        return Finding.UNCLEAR if challenged else Finding.LOGIN_WALL
    return _on_living_page(report, picture) if page.status in _OK else Finding.UNCLEAR


def _on_living_page(report: PageReport, picture: PictureSeen | None) -> Finding:
    if picture is not None and picture.fetched in _DEAD:
        return Finding.DEAD
    hidden = picture is None or not picture.on_page
    if picture is not None and _gone_or_other(picture) and not (hidden and report.signals.gate_words):
        return Finding.UNCLEAR if _unseen(report) else Finding.REMOVED
    if hidden and report.signals.gate_words:
        return Finding.INTERSTITIAL
    return Finding.LOGIN_WALL if hidden and report.signals.login_form else Finding.UNCLEAR


def _status(picture: PictureSeen | None) -> int:
    return picture.fetched.status if picture is not None and isinstance(picture.fetched, Fetched) else 0


def _gone_or_other(picture: PictureSeen) -> bool:
    """Whether the address certainly no longer gives the item, which did not match."""
    return _status(picture) in _GONE or (_status(picture) in _OK and isinstance(picture.result, Fingerprint))


def _unseen(report: PageReport) -> bool:
    """Whether the item could be on the page in something that was not seen."""
    return report.left_out > 0 or any(_could_hide(picture) for picture in report.pictures if picture.on_page)


def _could_hide(picture: PictureSeen) -> bool:
    if isinstance(picture.fetched, Unread):
        return picture.fetched not in _DEAD
    if isinstance(picture.result, Unhashable):
        return picture.result.reason not in _CANNOT_HIDE
    return picture.result is None and _status(picture) not in _GONE
