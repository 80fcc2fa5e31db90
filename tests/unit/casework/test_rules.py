"""Who may do what, which step may follow which, and that no consent is outlived."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaoguang.casework import (
    CaseStatus,
    Consent,
    ConsentUse,
    NoticeState,
    Permission,
    Role,
    allows,
    may,
    may_change,
    may_move,
    needs_person,
)

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
offsets = st.integers(-10, 10).map(lambda hours: NOW + timedelta(hours=hours))
consents = st.builds(
    Consent,
    use=st.sampled_from(ConsentUse),
    given_at=offsets,
    withdrawn_at=st.none() | offsets,
    expires_at=st.none() | offsets,
)


def reachable(start: NoticeState, *, through_person: bool = True) -> set[NoticeState]:
    """Give every state that can follow, directly or not."""
    found: set[NoticeState] = set()
    rest = [start]
    while rest:
        state = rest.pop()
        for after in NoticeState:
            if may_move(state, after) and after not in found and (through_person or not needs_person(state, after)):
                found.add(after)
                rest.append(after)
    return found


def test_nobody_sees_a_picture() -> None:
    assert not any(allows(role, Permission.SEE_PICTURE) for role in Role)


def test_a_volunteer_adds_links_and_reads_sightings_and_nothing_else() -> None:
    may_do = {permission for permission in Permission if allows(Role.VOLUNTEER, permission)}
    assert may_do == {Permission.SEE_CASE, Permission.ADD_LINKS, Permission.READ_SIGHTINGS}


def test_membership_and_closing_are_the_supervisors() -> None:
    only = {p for p in Permission if allows(Role.SUPERVISOR, p) and not allows(Role.CASEWORKER, p)}
    assert only == {Permission.MANAGE_MEMBERS, Permission.CLOSE_CASE, Permission.STOP_SENDING}


@pytest.mark.parametrize("permission", Permission)
def test_more_trust_never_means_less_permission(permission: Permission) -> None:
    assert allows(Role.VOLUNTEER, permission) <= allows(Role.CASEWORKER, permission)
    assert allows(Role.CASEWORKER, permission) <= allows(Role.SUPERVISOR, permission)


@pytest.mark.parametrize("state", [NoticeState.SENT, NoticeState.WITHDRAWN])
def test_final_states_are_final(state: NoticeState) -> None:
    assert not reachable(state)


@pytest.mark.parametrize("state", NoticeState)
def test_no_state_follows_itself(state: NoticeState) -> None:
    assert not may_move(state, state)


def test_only_a_confirmed_notice_is_ever_sent() -> None:
    assert [state for state in NoticeState if may_move(state, NoticeState.SENDING)] == [NoticeState.CONFIRMED]


def test_an_unknown_result_waits_for_a_person_and_is_never_tried_again_by_a_machine() -> None:
    assert not reachable(NoticeState.UNKNOWN, through_person=False)
    assert not may_move(NoticeState.UNKNOWN, NoticeState.SENDING)
    assert not may_move(NoticeState.UNKNOWN, NoticeState.CONFIRMED)


@pytest.mark.parametrize("start", [NoticeState.PROPOSED, NoticeState.DRAFT])
def test_without_a_person_nothing_unconfirmed_is_sent(start: NoticeState) -> None:
    assert NoticeState.SENDING not in reachable(start, through_person=False)


def test_what_was_confirmed_and_certainly_not_sent_may_be_tried_again() -> None:
    assert NoticeState.SENT in reachable(NoticeState.NOT_SENT, through_person=False)


@given(st.lists(st.sampled_from(NoticeState), max_size=12))
def test_no_walk_sends_twice(walk: list[NoticeState]) -> None:
    state, sent = NoticeState.PROPOSED, 0
    for after in walk:
        if may_move(state, after):
            state = after
            sent += state is NoticeState.SENT
    assert sent <= 1


def test_a_referred_case_is_never_opened_for_capture_again() -> None:
    assert may_change(CaseStatus.OPEN, CaseStatus.REFERRAL)
    assert may_change(CaseStatus.CLOSED, CaseStatus.REFERRAL)
    assert not any(may_change(CaseStatus.REFERRAL, status) for status in CaseStatus)


@given(st.lists(consents, max_size=4), st.sampled_from(ConsentUse), offsets)
def test_no_consent_is_outlived(given_consents: list[Consent], use: ConsentUse, now: datetime) -> None:
    live = [
        consent
        for consent in given_consents
        if consent.use is use
        and consent.given_at <= now
        and consent.withdrawn_at is None
        and (consent.expires_at is None or now < consent.expires_at)
    ]
    assert may(use, given_consents, now) == bool(live)


def test_consent_to_one_use_is_not_consent_to_another() -> None:
    assert not may(ConsentUse.NOTICE, [Consent(ConsentUse.MATCH, NOW), Consent(ConsentUse.SEAL, NOW)], NOW)


def test_consent_ends_at_the_very_moment_it_expires() -> None:
    consent = Consent(ConsentUse.MATCH, NOW, expires_at=NOW + timedelta(hours=1))
    assert may(ConsentUse.MATCH, [consent], NOW + timedelta(minutes=59))
    assert not may(ConsentUse.MATCH, [consent], NOW + timedelta(hours=1))


def test_a_clock_set_back_does_not_revive_a_withdrawn_consent() -> None:
    withdrawn = Consent(ConsentUse.NOTICE, NOW - timedelta(days=1), withdrawn_at=NOW)
    assert not may(ConsentUse.NOTICE, [withdrawn], NOW - timedelta(hours=1))
