"""The agent's statement of authority: the annex that goes with a notice in place of the paper she signed.

The centre takes no files, so a scan cannot be annexed; and the signed paper bears her name, which the notice leaves
out.
"""

from functools import cache
from pathlib import Path

from zaoguang.errors import UserMistake
from zaoguang.notices.regime import Regime, Sender
from zaoguang.notices.text import Text, fill
from zaoguang.notices.values import Values, checked
from zaoguang.words import gettext as _

__all__ = ["statement_of_authority"]

_FOLDER = Path(__file__).parent / "authority"
_SAID = ("agent_name", "authority_doc", "legal_name", "case_id", "date", "signature", "contact_email")


def statement_of_authority(regime: Regime, language: str, values: Values) -> Text | None:
    """Write the statement in the notice's language; none where she writes herself, or counsel or an authority does.

    Raises:
        UserMistake: a value may not stand in a notice.
    """
    if regime.sender is not Sender.SURVIVOR or values.get("capacity") != "agent":
        return None
    given = checked(regime, values)
    said = {name: given.get(name, "") for name in _SAID}
    if not said["agent_name"] or not said["authority_doc"]:
        return None
    subject, _newline, body = _template(language).removeprefix("Subject: ").partition("\n")
    return Text(fill(language, subject, said).strip(), fill(language, body, said).strip("\n") + "\n")


@cache
def _template(language: str) -> str:
    try:
        return (_FOLDER / f"{language}.txt").read_text(encoding="utf-8")
    except OSError as error:
        raise UserMistake(
            _("The statement of authority is not written in %(language)r.") % {"language": language}
        ) from error
