"""Routes as a person reads them, and as another program does: the same answer, said in the language now spoken."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from zaoguang.law.arithmetic import finding_lines, finding_record
from zaoguang.law.condition import Answer
from zaoguang.law.dates import DatedDeadline, State
from zaoguang.law.facts import Facts
from zaoguang.law.harm import Harm
from zaoguang.law.model import Body, ClockBasis, Grade, Provision, Wording
from zaoguang.law.provisions import jurisdictions
from zaoguang.law.question import Question, best_question, question_text
from zaoguang.law.routes import Reason, Route, Routes, find_routes
from zaoguang.law.thresholds import Finding, Standing, thresholds
from zaoguang.words import gettext as _
from zaoguang.words import spoken

__all__ = [
    "answer_lines",
    "answer_record",
    "body_line",
    "cite",
    "cited",
    "grade_words",
    "in_a_row",
    "listed",
    "not_advice",
]


def not_advice() -> str:
    """Give the sentence that every answer begins with."""
    return _("This is not legal advice. It is what the law's text says, for you and a lawyer or adviser to start from.")


def grade_words(grade: Grade) -> str:
    """Say how sure we are."""
    return {
        Grade.PRIMARY: _("read in the law's or the office's own text"),
        Grade.SECONDARY: _("read at second hand: check before relying on it"),
        Grade.MEMORY: _("not verified: check before relying on it"),
    }[grade]


def _say(wording: Wording) -> str:
    return wording(spoken())


def listed(parts: Iterable[str]) -> str:
    """Give several things in a row, as each language sets them apart."""
    return ("；" if spoken() == "zh-Hans" else "; ").join(parts)


def in_a_row(*sentences: str) -> str:
    """Give sentences after one another; Chinese puts no space between them."""
    return ("" if spoken() == "zh-Hans" else " ").join(sentence for sentence in sentences if sentence)


def harm_words(harm: Harm) -> str:
    """Give a harm as a person says it."""
    return {
        Harm.COVERT_PUBLIC: _("covert filming in public"),
        Harm.COVERT_PREMISES: _("a camera in a room"),
        Harm.PARTNER_LEAK: _("spread by a partner, an ex or family"),
        Harm.PARTNER_COVERT: _("filmed at home without knowing"),
        Harm.THREAT_SEXTORTION: _("a threat to publish"),
        Harm.DEEPFAKE: _("a face swap or other fake"),
        Harm.DOXXING: _("personal data exposed"),
        Harm.ASSAULT_FOOTAGE: _("an assault that was filmed"),
        Harm.TRADE: _("sale"),
        Harm.DEVICE_SALE: _("sale of disguised cameras"),
        Harm.TUTORIAL: _("instructions for covert filming"),
        Harm.GROUP_ADMIN: _("running a group"),
        Harm.DRUG_ADS: _("sedatives offered"),
        Harm.HACKED_CAMERA: _("a home camera taken over"),
        Harm.MINOR_ANY: _("somebody under 18"),
        Harm.REPOSTING_MOB: _("reposting and harassment"),
    }[harm]


def counted(facts: Facts) -> tuple[Finding, ...]:
    """Give which of China's thresholds the counted sightings of the facts reach, or reach half of."""
    if facts.counts is None:
        return ()
    counts = facts.counts
    if counts.for_profit is None:
        counts = replace(counts, for_profit=facts.for_profit)
    return tuple(each for each in thresholds(counts) if each.standing is not Standing.BELOW)


def _bodies() -> dict[str, Body]:
    return {body.id: body for place in jurisdictions() for body in place.bodies}


def body_line(body: Body) -> str:
    """Give somebody to turn to in one line: name, contact, and whether that was checked."""
    name = (
        f"{_say(body.name)} ({body.contact})"
        if body.contact and body.contact not in _say(body.name)
        else _say(body.name)
    )
    return name if body.verified else _("{name}, not verified").format(name=name)


def answer_lines(facts: Facts, *, at: date) -> Iterator[str]:
    """Yield the answer line by line."""
    found = find_routes(facts, at=at)
    yield not_advice()
    yield from _free_lines(found)
    if found.minor:
        yield _(
            "Somebody here was under 18, or may have been: look at nothing, keep nothing; the referral comes first."
        )
    sure = [route for route in found.routes if route.answer is Answer.YES]
    maybe = [route for route in found.routes if route.answer is not Answer.YES]
    for number, route in enumerate(sure, start=1):
        yield ""
        yield from _route_lines(number, route)
    if maybe:
        yield ""
        yield _("May be open too, depending on what is not known yet:")
        for route in maybe:
            yield _("- {place}: {name} (depends on: {facts})").format(
                place=route.rule.jurisdiction, name=_say(route.rule.name), facts=", ".join(route.depends)
            )
    for finding in counted(facts):
        yield ""
        yield from finding_lines(finding)
    yield ""
    yield question_line(best_question(facts, at=at))


def _free_lines(found: Routes) -> Iterator[str]:
    free = found.free
    if free:
        yield _("Free help:")
        for body in free:
            yield _("- {who}: {about}").format(who=body_line(body), about=_say(body.about))
        if not any(body.legal for body in free):
            yield _("Nobody who gives legal advice for free is on record there: ask these, or the legal-aid office.")
    else:
        yield _("Nobody who gives legal advice for free is on record there: ask the legal-aid office of the place.")
        yield _("No free help is on record for this place; StopNCII.org and Take It Down work everywhere.")


def _route_lines(number: int, route: Route) -> Iterator[str]:
    rule = route.rule
    mark = _(" [a time limit has passed]") if route.passed else ""
    yield f"{number}. {rule.jurisdiction}: {_say(rule.name)}{mark}"
    for reason in route.why:
        yield "   " + _reason_line(reason)
        if reason.provision.threshold is not None:
            yield "     " + _("Asked for: {what}").format(what=_say(reason.provision.threshold))
        if reason.provision.conditions is not None:
            yield "     " + _("Condition: {what}").format(what=_say(reason.provision.conditions))
        for deadline in reason.deadlines:
            yield "     " + deadline_line(deadline)
    yield "   " + _("Gives: {what}").format(what=_say(rule.gives))
    for deadline in route.deadlines:
        yield "   " + deadline_line(deadline)
    for what in rule.bring:
        yield "   " + _("Bring: {what}").format(what=_say(what))
    for what in rule.risks:
        yield "   " + _("Mind: {what}").format(what=_say(what))
    bodies = _bodies()
    yield "   " + _("Whom to ask: {who}").format(who=listed(body_line(bodies[name]) for name in rule.to))
    yield "   " + _("How sure: {grade}, {words}").format(grade=route.grade, words=grade_words(route.grade))


def cite(law: Provision) -> str:
    """Give a provision as it is cited."""
    return _("{law}, {article}").format(law=_say(law.instrument), article=_say(law.cited))


def cited(law: Provision) -> str:
    """Give a provision as it is cited, with a word where nobody has verified it."""
    return cite(law) if law.verified else _("{law}, not verified").format(law=cite(law))


def _reason_line(reason: Reason) -> str:
    law = reason.provision
    article = cited(law)
    if reason.answer is not Answer.YES:
        return _("Why (if it fits): {article}: {text}").format(article=article, text=_say(law.text))
    if reason.harms:
        return _("Why: {article}, because of {facts}: {text}").format(
            article=article, facts=listed(harm_words(harm) for harm in reason.harms), text=_say(law.text)
        )
    return _("Why: {article}: {text}").format(article=article, text=_say(law.text))


def deadline_line(deadline: DatedDeadline) -> str:
    """Give a deadline with its date, and what to do when it passes."""
    what, then = _say(deadline.rule.what).rstrip(".。"), _say(deadline.rule.then)
    shape = {
        State.RUNNING: _("Clock: {what}: until {due}. After that: {then}"),
        State.PASSED: _("Clock: {what}: passed on {due}. Now: {then}"),
        State.MET: _("Clock: {what}: met, {due} was the last day."),
        State.NOT_STARTED: _(
            "Clock: {what}. There is no date, because the day it runs from is not known. After that: {then}"
        ),
        State.GOES_ON: _("Clock: {what}. It goes on, so this is counted from its end.")
        if deadline.due is None
        else _("Clock: {what}. It goes on, so this is counted from its end; to be safe, do it before {due}."),
        State.GOES_ON_LATE: _(
            "Clock: {what}. It goes on, so this is counted from its end; "
            "counted from its first day it passed on {due}: say that it goes on."
        ),
        State.IF_TODAY: _("Clock: {what}: {due}, if the step is taken today. After that: {then}"),
    }[deadline.state]
    practice = "" if deadline.rule.basis is ClockBasis.LAW else _("(not a time the law names)")
    return in_a_row(shape.format(what=what, due=deadline.due, then=then), practice)


def question_line(question: Question | None) -> str:
    """Give the one question to ask next."""
    if question is None:
        return _("No further answer would take a route away.")
    line = _(
        "The question that would narrow most: {question} ({fact}: of {open} routes it takes {less} away on average)"
    )
    return line.format(
        question=question_text(question.fact),
        fact=question.fact,
        open=question.open,
        less=f"{question.taken_away:.1f}",
    )


def answer_record(facts: Facts, *, at: date) -> dict[str, object]:
    """Give the answer as plain values for JSON, texts in the language now spoken."""
    found = find_routes(facts, at=at)
    question = best_question(facts, at=at)
    return {
        "at": at.isoformat(),
        "language": spoken(),
        "not_legal_advice": not_advice(),
        "free_help": [_body_record(body) for body in found.free],
        "minor": found.minor,
        "routes": [_route_record(route) for route in found.routes],
        "thresholds": [finding_record(each) for each in counted(facts)],
        "question": None
        if question is None
        else {
            "fact": question.fact,
            "text": question_text(question.fact),
            "open_routes": question.open,
            "taken_away_on_average": round(question.taken_away, 3),
        },
    }


def _body_record(body: Body) -> dict[str, object]:
    return {
        "id": body.id,
        "name": _say(body.name),
        "contact": body.contact,
        "about": _say(body.about),
        "grade": body.grade.value,
        "verified": body.verified,
    }


def _route_record(route: Route) -> dict[str, object]:
    rule, bodies = route.rule, _bodies()
    return {
        "id": rule.id,
        "place": rule.jurisdiction,
        "kind": rule.kind.value,
        "name": _say(rule.name),
        "certain": route.answer is Answer.YES,
        "depends_on": list(route.depends),
        "because_of_places": list(route.places),
        "why": [_reason_record(reason) for reason in route.why],
        "gives": _say(rule.gives),
        "deadlines": [_deadline_record(each) for each in route.deadlines],
        "time_limit_passed": route.passed,
        "bring": [_say(what) for what in rule.bring],
        "costs_and_risks": [_say(what) for what in rule.risks],
        "ask": [_body_record(bodies[name]) for name in rule.to],
        "grade": route.grade.value,
    }


def _reason_record(reason: Reason) -> dict[str, object]:
    law = reason.provision
    return {
        "provision": law.id,
        "instrument": _say(law.instrument),
        "article": law.article,
        "text": _say(law.text),
        "because_of": [harm.value for harm in reason.harms],
        "certain": reason.answer is Answer.YES,
        "penalty": _say(law.penalty) if law.penalty else None,
        "threshold": _say(law.threshold) if law.threshold else None,
        "conditions": _say(law.conditions) if law.conditions else None,
        "deadlines": [_deadline_record(each) for each in reason.deadlines],
        "grade": law.grade.value,
        "verified": law.verified,
    }


def _deadline_record(deadline: DatedDeadline) -> dict[str, object]:
    return {
        "id": deadline.rule.id,
        "what": _say(deadline.rule.what),
        "from": deadline.start.isoformat() if deadline.start else None,
        "due": deadline.due.isoformat() if deadline.due else None,
        "state": deadline.state.value,
        "runs_against": deadline.rule.runs.value,
        "basis": deadline.rule.basis.value,
        "then": _say(deadline.rule.then),
    }
