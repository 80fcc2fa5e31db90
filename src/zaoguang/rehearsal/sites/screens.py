"""What stands in a page's place, and in its pictures', when a platform hides instead of removing."""

from collections.abc import Mapping

from zaoguang.rehearsal.characters import Look

__all__ = ["SCREENS"]

_PAGE = '<!doctype html>\n<html><head><meta charset="utf-8"><title>{title}</title></head><body>{body}</body></html>'

SCREENS: Mapping[Look, str] = {
    Look.WALLED: _PAGE.format(
        title="Log in",
        body='<h1>Log in to go on</h1><form method="post"><input name="user"><input type="password" name="password">'
        "<button>Log in</button></form>",
    ),
    Look.GATED: _PAGE.format(
        title="One moment",
        body="<h1>Are you over 18?</h1><p>Please confirm your age.</p><form><button>Enter</button></form>",
    ),
    Look.SAID_GONE: _PAGE.format(
        title="Not found", body="<h1>Page not found</h1><p>What you are looking for does not exist.</p>"
    ),
    Look.CLOSED: _PAGE.format(title="Suspended", body="<h1>This account has been suspended.</h1>"),
}
