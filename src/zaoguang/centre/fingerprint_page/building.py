"""The page put together from its parts, with the policy that locks it; the same bytes served, saved and compared."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

import yaml

__all__ = ["LANGUAGES", "FingerprintPage", "fingerprint_page"]

LANGUAGES: Final = ("zh-Hans", "zh-Hant", "en", "ko")
"""The languages inside the page; every sentence is there in each."""

_FOLDER: Final = Path(__file__).parent
_ONLY_IN_A_HEADER: Final = ("frame-ancestors", "sandbox")
"""What a browser ignores, and complains of, in a ``<meta>`` (CSP Level 3 §3.3)."""


@dataclass(frozen=True, slots=True)
class FingerprintPage:
    """The page as bytes, their SHA-256 in hex, and the content policy to send with them, by directive."""

    content: bytes
    sha256: str
    policy: Mapping[str, str]

    def policy_header(self, sent_to: str) -> str:
        """Give the value of a ``Content-Security-Policy`` header; the form may go to that one address."""
        return _written({**self.policy, "form-action": sent_to})


@cache
def fingerprint_page() -> FingerprintPage:
    """Give the page; the same for every reader, on every machine, for one version of Zaoguang."""
    style, script = _text("page.css"), _script()
    policy = MappingProxyType(_policy(style, script))
    in_page = {name: value for name, value in policy.items() if name not in _ONLY_IN_A_HEADER}
    text = _text("page.html")
    for name, part in (("policy", _written(in_page)), ("style", style), ("script", script)):
        text = text.replace(f"[[{name}]]", part)
    content = text.encode()
    return FingerprintPage(content, hashlib.sha256(content).hexdigest(), policy)


def _policy(style: str, script: str) -> dict[str, str]:
    """Allow this script and this style by digest, a worker and films that the script itself made, and one form.

    The form goes to the place that the page came from, which the centre's header narrows to one address; for a copy on
    a disk that is the disk, and nothing listens there. The sandbox takes away the page's origin (no cookies, no
    storage, nobody to talk to), pop-ups and dialogs.
    """
    return {
        "default-src": "'none'",
        "script-src": _digest(script),
        "style-src": _digest(style),
        "worker-src": "blob:",
        "connect-src": "'none'",
        "img-src": "'none'",
        "media-src": "blob:",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        "sandbox": "allow-scripts allow-downloads allow-forms",
    }


def _written(policy: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _script() -> str:
    """Give the page's script: its words and addresses as data, what works out fingerprints, and what the page does."""
    data = {"WORDS": yaml.safe_load(_text("words.yaml")), "HOTLINES": yaml.safe_load(_text("hotlines.yaml"))}
    # "<" is written as an escape: nothing in the data may look like the end of the script.
    lines = [f"const {name} = {_json(value)};" for name, value in data.items()]
    return "\n".join([*lines, *(_text(f"{name}.js") for name in ("engine", "film", "page"))])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


def _text(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
