"""The world's state: what hangs where now, as a pure function of the plan, the notices and the time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock

from zaoguang.rehearsal.cast import Character, Site
from zaoguang.rehearsal.characters import RETURN_AFTER, Look, Told, again, look_of
from zaoguang.rehearsal.journal import Journal, write_whole
from zaoguang.rehearsal.mailbox import JOURNAL
from zaoguang.rehearsal.pictures import Picture, Pictures
from zaoguang.rehearsal.plan import Placement, Plan
from zaoguang.rehearsal.sites import SCREENS, SITE_PAGES, Shown, page_path
from zaoguang.rehearsal.told import forms_told, letters_told, note_form
from zaoguang.rehearsal.traps import asked_picture, trap_pages

__all__ = ["FORMS", "Reply", "Scene"]

FORMS = "forms.jsonl"
_REPLY_AFTER = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a platform wrote back."""

    site: str
    message_id: str
    says: str  # "receipt", "refused" or "asks"


def _answer(character: Character, earlier: int) -> str:
    """Give what a platform says to a notice, after so many earlier ones."""
    if character is Character.REFUSES:
        return "refused"
    return "asks" if character is Character.ASKS and not earlier else "receipt"


class Scene:
    """Everything a site's server asks; safe from several threads."""

    def __init__(self, plan: Plan, folder: Path, ports: dict[str, int], now: datetime) -> None:
        """Take the plan, the folder with the journals, and each site's port."""
        self.plan, self.folder, self.ports = plan, folder, ports
        self.pictures = Pictures(plan)
        self._sites = {site.name: site for site in plan.sites}
        self._now = now
        self._lock = RLock()
        self._forms = Journal(folder / FORMS)
        self._told: dict[str, list[Told]] = {}
        self._read_at = (-1, -1)
        self._by_path = {site.name: self._paths(site) for site in plan.sites}
        self._pages = {site.name: self._paged(site) for site in plan.sites}

    def _paths(self, site: Site) -> dict[str, tuple[Placement, bool]]:
        pairs = ((each, second) for each in self.plan.on(site) for second in (False, True))
        return {self.path(each, second=second): (each, second) for each, second in pairs}

    def _paged(self, site: Site) -> dict[int, list[Placement]]:
        pages: dict[int, list[Placement]] = {}
        for placement in self.plan.on(site):
            pages.setdefault(placement.page, []).append(placement)
        return pages

    @property
    def now(self) -> datetime:
        """The world's time."""
        return self._now

    def move_to(self, now: datetime) -> None:
        """Let it be that time; never earlier than it was."""
        with self._lock:
            self._now = max(self._now, now.astimezone(UTC))
            write_whole(self.folder / "now", self._now.isoformat())

    def base(self, site: Site) -> str:
        """Give a site's address without a path."""
        return f"http://127.0.0.1:{self.ports[site.name]}"

    def path(self, placement: Placement, *, second: bool = False) -> str:
        """Give a picture's path: where it first hung, or where it comes back."""
        return f"/{'r' if second else 'p'}/{placement.code}{self.pictures.suffix(placement)}"

    def told(self, site: Site) -> list[Told]:
        """Give the notices that a site's platform got, read anew when a journal has grown."""
        sizes = (self._size(self.folder / "mailbox" / JOURNAL), self._size(self.folder / FORMS))
        with self._lock:
            if sizes != self._read_at:
                letters, forms = letters_told(self.folder / "mailbox"), forms_told(self.folder / FORMS)
                self._told = {
                    each.name: [*letters.get(each.mailbox, []), *forms.get(each.name, [])] for each in self.plan.sites
                }
                self._read_at = sizes
            return self._told[site.name]

    @staticmethod
    def _size(path: Path) -> int:
        return path.stat().st_size if path.exists() else 0

    def look(self, site: Site, path: str) -> tuple[Look, Placement] | None:
        """Give how the picture at that path is to be seen now; none where no picture ever was."""
        found = self._by_path[site.name].get(path)
        if found is None:
            return None
        placement, second = found
        first = self.base(site) + self.path(placement)
        if not second:
            return look_of(site.character, self.told(site), first, self._now), placement
        return again(site.character, self.told(site), first, self.base(site) + path, self._now), placement

    def page(self, site: Site, number: int) -> str | None:
        """Give a site's page as HTML, or what stands in its place; none where there is no such page."""
        pages = self._pages[site.name]
        if number not in pages:
            return None
        for placement in pages[number]:
            found = self.look(site, self.path(placement))
            if found is not None and found[0] in SCREENS:
                return SCREENS[found[0]]
        shown = [self._shown(site, placement) for placement in pages[number]]
        return SITE_PAGES[site.kind](site.name, number, len(pages), shown)

    def is_dark(self, site: Site) -> bool:
        """Say whether the site has gone off the net."""
        paths = (self.path(placement) for placement in self.plan.on(site))
        return any(found[0] is Look.DARK for path in paths if (found := self.look(site, path)))

    def _shown(self, site: Site, placement: Placement) -> Shown:
        for second in (False, True):
            path = self.path(placement, second=second)
            found = self.look(site, path)
            if found is not None and found[0] is not Look.GONE:
                return Shown(path, placement.number)
        return Shown(None, placement.number)

    def replies(self) -> list[Reply]:
        """Give what the platforms have written back by now."""
        found = []
        for site in self.plan.sites:
            for number, told in enumerate(self.told(site)):
                if told.message_id and self._now >= told.at + _REPLY_AFTER and site.character is not Character.SILENT:
                    found.append(Reply(site.name, told.message_id, _answer(site.character, number)))
        return found

    def asked(self, site: Site, untrusted_path: str, untrusted_query: str) -> Picture | None:
        """Give the picture that a trap shows for what it is asked; none where it shows nothing."""
        address = asked_picture(site, untrusted_path, untrusted_query)
        if address == "":
            return self.pictures.item()
        for each in self.plan.placements:
            if address == self.base(self._sites[each.site]) + self.path(each):
                return self.pictures.of(each)
        return None

    def take_form(self, site: Site, text: str) -> str:
        """Take a report through a site's form and give its receipt number."""
        with self._lock:
            receipt = f"{site.name}-{len(self.told(site)) + 1:04d}"
            note_form(self._forms, site.name, text, self._now, receipt)
        return receipt

    def truth(self) -> dict[str, object]:
        """Give what is where, for counting what was found: pages to paste, every copy, and pages that are traps."""
        pages = [
            self.base(site) + page_path(site.kind, number)
            for site in self.plan.sites
            for number in sorted(self._pages[site.name])
        ]
        copies = [
            {
                "site": site.name,
                "page": self.base(site) + page_path(site.kind, each.page),
                "picture": self.base(site) + self.path(each),
                "again": self.base(site) + self.path(each, second=True) if site.character is Character.RETURNS else "",
                "item": each.item,
                "edit": each.edit,
            }
            for site in self.plan.sites
            for each in self.plan.on(site)
            if each.item is not None
        ]
        addresses = [str(copy["picture"]) for copy in copies]
        traps = [
            page
            for site in self.plan.sites
            if site.character.is_trap
            for page in trap_pages(site, self.base(site), addresses)
        ]
        return {
            "pages": [*pages, *traps],
            "traps": traps,
            "copies": copies,
            "decoys": sum(each.item is None for each in self.plan.placements),
            "return_after_hours": RETURN_AFTER.total_seconds() / 3600,
        }
