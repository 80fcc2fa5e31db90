"""What every answer carries: a content policy that lets nothing in or out, no caching, no referrer, no uploads."""

from collections.abc import Callable

from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from zaoguang.words import speaking

__all__ = ["CONTENT_POLICY", "NoUploads", "SecurityHeaders", "SpokenLanguage"]

Answer = Callable[[HttpRequest], HttpResponse]

CONTENT_POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
"""No script runs on the centre's pages; the fingerprint page alone brings a policy of its own. Tests pin each."""

_FIXED = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in CONTENT_POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), display-capture=()",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


class SecurityHeaders:
    """Set the fixed headers on every answer that brings none of its own, and no-store on all but static files."""

    def __init__(self, get_response: Answer) -> None:
        """Take the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the headers set."""
        response = self.get_response(request)
        for name, value in _FIXED.items():
            response.headers.setdefault(name, value)  # the fingerprint page brings a stricter policy of its own
        if not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response


class SpokenLanguage:
    """Let the pure rooms speak the language that Django chose for this request."""

    def __init__(self, get_response: Answer) -> None:
        """Take the next layer."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer while speaking that language."""
        with speaking("zh-Hans" if (get_language() or "").startswith("zh") else "en"):
            return self.get_response(request)


class NoUploads(FileUploadHandler):
    """Refuse every uploaded file before a byte of it is kept: the centre takes fingerprints, never pictures."""

    def new_file(self, *args: object, **kwargs: object) -> None:
        """Stop at the first sign of a file."""
        del args, kwargs
        raise StopUpload(connection_reset=True)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Take nothing."""
        del raw_data, start
        raise StopUpload(connection_reset=True)

    def file_complete(self, file_size: int) -> None:
        """Give no file."""
        del file_size
