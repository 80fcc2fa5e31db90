"""The fingerprint page as the centre serves it: to anybody, the same bytes, without a cookie or a session."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from zaoguang.centre.access import public
from zaoguang.centre.fingerprint_page.building import fingerprint_page

__all__ = ["make_fingerprints"]


@public
@require_safe
def make_fingerprints(request: HttpRequest) -> HttpResponse:
    """Answer with the page; only the one address to which its form may go is of this request."""
    page = fingerprint_page()
    sent_to = request.build_absolute_uri(reverse("send_fingerprints"))
    return HttpResponse(
        page.content,
        content_type="text/html; charset=utf-8",
        headers={
            "Content-Security-Policy": page.policy_header(sent_to),
            # HTML §7.1.3: a sandboxed page that also asks for an opener policy of its own is not shown at all.
            "Cross-Origin-Opener-Policy": "unsafe-none",
            "Referrer-Policy": "no-referrer",
            "X-DNS-Prefetch-Control": "off",
        },
    )
