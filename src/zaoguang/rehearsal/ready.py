"""From match to notice ready: what it took to turn the copies found into notices that may leave."""

from dataclasses import dataclass

from zaoguang.words import gettext as _

__all__ = ["Ready"]


@dataclass(frozen=True, slots=True)
class Ready:
    """One batch of drafts, from the page that asks the laws' questions to the last yes.

    ``seconds`` is the wall time in which the centre answered the requests between: what a machine takes, not a person.
    """

    addresses: int = 0
    platforms: int = 0
    notices: int = 0
    confirmations: int = 0
    clicks: int = 0
    seconds: float = 0.0

    def sentence(self) -> str:
        """Say it in one line."""
        said = _(
            "%(addresses)d addresses, %(platforms)d platforms, confirmations %(confirmations)d, clicks %(clicks)d, "
            "%(seconds).1f s of the machine"
        )
        return said % {
            "addresses": self.addresses,
            "platforms": self.platforms,
            "confirmations": self.confirmations,
            "clicks": self.clicks,
            "seconds": self.seconds,
        }
