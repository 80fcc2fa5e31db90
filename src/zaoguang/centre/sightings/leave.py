"""Whether anything may be looked for in a case now."""

from zaoguang.casework import CaseStatus, ConsentUse
from zaoguang.centre.cases import consents
from zaoguang.centre.cases.models import Case

__all__ = ["may_look"]


def may_look(case: Case) -> bool:
    """Say whether the case is open and the survivor agrees to matching and sealing, read fresh."""
    wanted = {ConsentUse.MATCH, ConsentUse.SEAL}
    return case.status == CaseStatus.OPEN.value and wanted <= consents.live(case)
