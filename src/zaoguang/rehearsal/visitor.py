"""A person at the centre's pages: follows addresses, fills in the forms that are really there, counts clicks."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import ParamSpec, Self
from urllib.parse import urljoin

import httpx
from selectolax.lexbor import LexborHTMLParser, LexborNode

from zaoguang.errors import DoesNotHold
from zaoguang.rehearsal.loopback import require_loopback

__all__ = ["Form", "Page", "Visitor"]

Values = Mapping[str, str | Sequence[str]]
_P = ParamSpec("_P")


@dataclass(frozen=True, slots=True)
class Form:
    """A form as the page has it: where it goes and what it would send untouched."""

    page: str  # the address it was found at
    action: str
    values: dict[str, list[str]]

    def filled(self, given: Values) -> dict[str, list[str]]:
        """Give what is sent when these values are filled in; a value that the form does not ask for is a mistake."""
        unknown = set(given) - set(self.values)
        if unknown:
            raise DoesNotHold(f"The form at {self.action} does not ask for {', '.join(sorted(unknown))}.")
        changed = {name: [value] if isinstance(value, str) else list(value) for name, value in given.items()}
        return {**self.values, **changed}


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it was answered."""

    address: str
    status: int
    content: bytes

    @property
    def html(self) -> LexborHTMLParser:
        """Give the page, parsed."""
        return LexborHTMLParser(self.content)

    def form(self, ending: str) -> Form:
        """Give the form whose address ends like that; not there is a failure, as it is for a person."""
        for node in self.html.css("form"):
            action = urljoin(self.address, node.attributes.get("action") or self.address)
            if action.endswith(ending):
                return Form(self.address, action, _values(node))
        raise DoesNotHold(f"The page {self.address} ({self.status}) has no form to {ending}.")

    def has_form(self, ending: str) -> bool:
        """Say whether there is such a form."""
        actions = (node.attributes.get("action") or self.address for node in self.html.css("form"))
        return any(urljoin(self.address, action).endswith(ending) for action in actions)


def _values(form: LexborNode) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in form.css("input, textarea, select, button"):
        name = node.attributes.get("name")
        if not name:
            continue
        kind = (node.attributes.get("type") or "").lower()
        kept = found.setdefault(name, [])
        if node.tag == "button" or kind == "submit":
            continue  # sent only by the one that is pressed
        if node.tag == "textarea":
            kept.append(node.text())
        elif node.tag == "select":
            chosen = node.css("option[selected]") or node.css("option")[:1]
            kept.extend(option.attributes.get("value") or "" for option in chosen)
        elif kind not in {"checkbox", "radio"} or "checked" in node.attributes:
            kept.append(node.attributes.get("value") or ("on" if kind == "checkbox" else ""))
    return found


class Visitor:
    """One browser session; every page opened and every form sent is one click."""

    def __init__(self, base: str, transport: httpx.BaseTransport | None = None) -> None:
        """Take the centre's address, which must be loopback, and the way there if it is not the network."""
        self._base = require_loopback(base)
        self._client = httpx.Client(
            base_url=base, follow_redirects=True, trust_env=False, timeout=60, transport=transport
        )
        self.clicks = 0
        self.waited = 0.0  # seconds until the centre had answered, every request together

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the session."""
        self._client.close()

    def open(self, address: str) -> Page:
        """Open a page."""
        self.clicks += 1
        return self._page(self._timed(self._get, address))

    def look(self, address: str) -> Page:
        """Open a page that refreshes by itself: no click."""
        return self._page(self._timed(self._get, address))

    def send(self, form: Form, given: Values | None = None) -> Page:
        """Fill a form in, send it, and give the page that follows."""
        self.clicks += 1
        return self._page(self._timed(self._post, form, form.filled(given or {})))

    def _timed(self, ask: Callable[_P, httpx.Response], *words: _P.args, **named: _P.kwargs) -> httpx.Response:
        """Ask, and add to what was waited."""
        begun = time.perf_counter()
        answer = ask(*words, **named)
        self.waited += time.perf_counter() - begun
        return answer

    def _get(self, address: str) -> httpx.Response:
        return self._client.get(address)

    def _post(self, form: Form, values: dict[str, list[str]]) -> httpx.Response:
        return self._client.post(form.action, data=values)

    def download(self, form: Form) -> bytes:
        """Send a form whose answer is a file, and give the file."""
        self.clicks += 1
        answer = self._post(form, form.filled({}))
        if answer.headers.get("content-type") != "application/zip":
            raise DoesNotHold(f"{form.action} did not give a package.")
        return answer.content

    def log_in(self, handle: str, passphrase: str) -> Page:
        """Log in and give the case list."""
        page = self.open("/login/")
        return self.send(page.form("/login/"), {"handle": handle, "passphrase": passphrase})

    def _page(self, answer: httpx.Response) -> Page:
        require_loopback(str(answer.url))
        page = Page(str(answer.url), answer.status_code, answer.content)
        if answer.status_code >= 400:  # noqa: PLR2004  (HTTP's own border)
            alert = page.html.css_first("[role=alert], h1")
            said = alert.text(strip=True)[:200] if alert else ""
            raise DoesNotHold(f"{answer.request.method} {answer.url} answered {answer.status_code}: {said}")
        return page
