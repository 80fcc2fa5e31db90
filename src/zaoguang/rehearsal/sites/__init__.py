"""Three kinds of hostile site, as pages of HTML, and what stands in their place when a platform hides them."""

from collections.abc import Mapping

from zaoguang.rehearsal.cast import SiteKind
from zaoguang.rehearsal.sites.channel import channel_page
from zaoguang.rehearsal.sites.forum import forum_page
from zaoguang.rehearsal.sites.gallery import gallery_page
from zaoguang.rehearsal.sites.screens import SCREENS
from zaoguang.rehearsal.sites.shown import PageMaker, Shown

__all__ = ["PATHS", "SCREENS", "SITE_PAGES", "Shown", "page_path"]

SITE_PAGES: Mapping[SiteKind, PageMaker] = {
    SiteKind.FORUM: forum_page,
    SiteKind.GALLERY: gallery_page,
    SiteKind.CHANNEL: channel_page,
}
PATHS: Mapping[SiteKind, str] = {SiteKind.FORUM: "/thread/{}", SiteKind.GALLERY: "/album/{}", SiteKind.CHANNEL: "/s/{}"}
"""Where a site's pages are; the number is the page's."""


def page_path(kind: SiteKind, number: int) -> str:
    """Give the path of a site's page."""
    return PATHS[kind].format(number)
