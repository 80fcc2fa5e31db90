"""Handing out the evidence package."""

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from zaoguang.casework import Permission
from zaoguang.centre.access import CaseRequest, member
from zaoguang.centre.exhibits.sealing import case_package
from zaoguang.centre.pages import speaks_errors, time_of

__all__ = ["package"]


@member(Permission.EXPORT_EXHIBITS)
@require_POST
@speaks_errors
def package(request: CaseRequest, case_id: object) -> HttpResponse:
    """Give the package as a download; it is made in memory and kept nowhere."""
    del case_id
    case = request.open_case.case
    content = case_package(case, request.user, time_of(request))
    response = HttpResponse(content, content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="zaoguang-{case.number}.zip"'
    return response
