"""The audit trail (tier C: verbs from a fixed vocabulary and row ids, no free text) and the rehearsal's time."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from zaoguang.errors import UserMistake

__all__ = ["AuditEvent", "RehearsalTime", "Verb"]


class Verb(models.TextChoices):
    """What was done."""

    LOGGED_IN = "logged_in", _("logged in")
    LOGGED_OUT = "logged_out", _("logged out")
    CASE_OPENED = "case_opened", _("opened the case")
    CASE_READ = "case_read", _("read the case")
    CASE_REFERRED = "case_referred", _("switched the case to referral")
    CASE_CLOSED = "case_closed", _("closed the case")
    MEMBER_ADDED = "member_added", _("added a member")
    MEMBER_REMOVED = "member_removed", _("removed a member")
    CONSENT_GIVEN = "consent_given", _("recorded consent")
    CONSENT_WITHDRAWN = "consent_withdrawn", _("recorded that consent was withdrawn")
    NOTE_WRITTEN = "note_written", _("wrote a note")
    ITEM_ADDED = "item_added", _("added an item")
    ITEM_REMOVED = "item_removed", _("removed an item")
    INVITATION_MADE = "invitation_made", _("invited her to send fingerprints")
    INVITATION_ENDED = "invitation_ended", _("ended an invitation")
    FINGERPRINTS_ARRIVED = "fingerprints_arrived", _("received fingerprints that she sent")
    ARRIVAL_TAKEN = "arrival_taken", _("took the fingerprints that she sent")
    ARRIVAL_REFUSED = "arrival_refused", _("did not take fingerprints that were sent")
    ARRIVAL_DROPPED = "arrival_dropped", _("dropped fingerprints that were waiting")
    CHECK_STARTED = "check_started", _("started a link check")
    CHECK_FINISHED = "check_finished", _("finished a link check")
    SIGHTING_FOUND = "sighting_found", _("found a copy")
    REAPPEARANCE_FOUND = "reappearance_found", _("found a copy again at a new address")
    COPY_VOUCHED = "copy_vouched", _("said that a copy is kept at an address")
    TRAP_MARKED = "trap_marked", _("said that an address only shows what was asked for")
    OUTCOME_CHANGED = "outcome_changed", _("recorded an outcome")
    EXHIBIT_SEALED = "exhibit_sealed", _("sealed an exhibit")
    PACKAGE_EXPORTED = "package_exported", _("exported the evidence package")
    NOTICE_DRAFTED = "notice_drafted", _("drafted a notice")
    NOTICE_EDITED = "notice_edited", _("edited a notice")
    NOTICE_CONFIRMED = "notice_confirmed", _("confirmed a notice")
    NOTICE_WITHDRAWN = "notice_withdrawn", _("withdrew a notice")
    NOTICE_PROPOSED = "notice_proposed", _("proposed an escalation")
    ATTEMPT_STARTED = "attempt_started", _("began to send a notice")
    ATTEMPT_ENDED = "attempt_ended", _("ended an attempt to send")
    ATTEMPT_UNKNOWN = "attempt_unknown", _("found an attempt whose result is unknown")
    ATTEMPT_RESOLVED = "attempt_resolved", _("said what became of an attempt")
    ANSWER_RECORDED = "answer_recorded", _("recorded an answer")
    DEADLINE_PASSED = "deadline_passed", _("saw a deadline pass")
    CLOCK_STARTED = "clock_started", _("started a deadline")
    CLOCK_CHANGED = "clock_changed", _("changed a deadline")
    SENDING_STOPPED = "sending_stopped", _("stopped all sending")
    SENDING_RESUMED = "sending_resumed", _("let sending go on")
    ADDRESSEE_STOPPED = "addressee_stopped", _("stopped sending to an addressee")
    ADDRESSEE_RESUMED = "addressee_resumed", _("let sending to an addressee go on")
    NOTICE_HELD = "notice_held", _("held a notice back")
    MAIL_ARRIVED = "mail_arrived", _("received an answer to a notice")
    MAIL_READ = "mail_read", _("read an answer to a notice")
    MAIL_SETTLED = "mail_settled", _("said what an answer means")
    TIME_MOVED = "time_moved", _("moved the rehearsal's time")


class AuditEvent(models.Model):
    """One thing that one person, or the worker, did; rows are only ever added (a database trigger holds that)."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.PROTECT, related_name="trail")
    verb = models.CharField(max_length=32, choices=Verb.choices)
    subject = models.UUIDField(null=True)

    class Meta:
        """Newest first."""

        ordering = ("-id",)

    def save(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (Django's own signature)
        """Add the event; a second save is refused."""
        if not self._state.adding:
            raise UserMistake("An audit event is never changed.")
        super().save(*args, **kwargs)


class RehearsalTime(models.Model):
    """How far a rehearsal's time runs ahead of the wall clock; no row outside a rehearsal."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ahead_seconds = models.BigIntegerField(default=0)
