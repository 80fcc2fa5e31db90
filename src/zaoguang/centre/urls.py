"""Every address of the centre; a test walks this list with every kind of person."""

from django.urls import path
from django.views.i18n import set_language

from zaoguang.centre.access import public
from zaoguang.centre.accounts import views as accounts
from zaoguang.centre.audit import views as audit
from zaoguang.centre.cases import views as cases
from zaoguang.centre.clocks import views as clocks
from zaoguang.centre.exhibits import views as exhibits
from zaoguang.centre.fingerprint_page import views as fingerprint_page
from zaoguang.centre.guide import views as guide
from zaoguang.centre.intake import sending
from zaoguang.centre.intake import views as intake
from zaoguang.centre.letters import views as letters
from zaoguang.centre.notices import brake_pages, clock_pages, following_pages, hosts, review_pages
from zaoguang.centre.notices import views as notices
from zaoguang.centre.sightings import verdict_pages
from zaoguang.centre.sightings import views as sightings

CASE = "cases/<uuid:case_id>/"
NOTICE = CASE + "notices/<uuid:notice_id>/"

urlpatterns = [
    path("", cases.case_list, name="cases"),
    path("login/", accounts.login_page, name="login"),
    path("logout/", accounts.logout_page, name="logout"),
    path("language/", public(set_language), name="set_language"),
    path("fingerprint/", fingerprint_page.make_fingerprints, name="fingerprint"),
    path("fingerprint/send/", sending.send_fingerprints, name="send_fingerprints"),
    path("guide/", guide.guide_list, name="guide_list"),
    path("guide/<str:place>/", guide.guide_page, name="guide"),
    path("time/", audit.let_time_pass, name="time"),
    path("due/", clocks.due, name="due"),
    path("due/deadlines.ics", clocks.calendar, name="calendar"),
    path("sending/", brake_pages.sending, name="sending"),
    path("sending/switch/", brake_pages.switch, name="switch_sending"),
    path("sending/<uuid:stop_id>/resume/", brake_pages.resume, name="resume_addressee"),
    path("cases/new/", cases.new_case, name="new_case"),
    path(CASE, cases.case_page, name="case"),
    path(CASE + "consent/", cases.change_consent, name="consent"),
    path(CASE + "notes/", cases.new_note, name="new_note"),
    path(CASE + "members/", cases.members, name="members"),
    path(CASE + "refer/", cases.refer, name="refer"),
    path(CASE + "close/", cases.close, name="close"),
    path(CASE + "reopen/", cases.reopen, name="reopen"),
    path(CASE + "items/", intake.add_items, name="add_items"),
    path(CASE + "items/<uuid:item_id>/remove/", intake.remove_item, name="remove_item"),
    path(CASE + "invitations/", intake.invitations_page, name="invitations"),
    path(CASE + "invitations/<uuid:invitation_id>/end/", intake.end_invitation, name="end_invitation"),
    path(CASE + "arrivals/<uuid:arrival_id>/take/", intake.take_arrival, name="take_arrival"),
    path(CASE + "arrivals/<uuid:arrival_id>/refuse/", intake.refuse_arrival, name="refuse_arrival"),
    path(CASE + "checks/new/", sightings.new_check, name="new_check"),
    path(CASE + "checks/<uuid:check_id>/", sightings.check_page, name="check"),
    path(CASE + "copies/<uuid:sighting_id>/host/", hosts.host, name="host"),
    path(CASE + "copies/<uuid:sighting_id>/verdict/", verdict_pages.verdict, name="verdict"),
    path(CASE + "package/", exhibits.package, name="package"),
    path(CASE + "clocks/", clocks.case_clocks, name="clocks"),
    path(CASE + "clocks/<uuid:clock_id>/", clocks.change, name="change_clock"),
    path(CASE + "letters/<uuid:letter_id>/", letters.letter_page, name="letter"),
    path(CASE + "letters/<uuid:letter_id>/settle/", letters.settle, name="settle_letter"),
    path(CASE + "trail/", audit.trail, name="trail"),
    path(CASE + "notices/new/", notices.new_notices, name="new_notices"),
    path(CASE + "notices/review/", review_pages.review_page, name="review_notices"),
    path(CASE + "notices/further/", following_pages.further_of_case, name="further"),
    path(NOTICE, notices.notice_page, name="notice"),
    path(NOTICE + "further/", following_pages.further_of_notice, name="further_after"),
    path(NOTICE + "paper/", following_pages.paper, name="notice_paper"),
    path(NOTICE + "annex/", notices.annex, name="notice_annex"),
    path(NOTICE + "edit/", notices.edit, name="edit_notice"),
    path(NOTICE + "confirm/", notices.confirm, name="confirm_notice"),
    path(NOTICE + "submitted/", notices.submitted, name="submitted_notice"),
    path(NOTICE + "resolve/", notices.resolve, name="resolve_notice"),
    path(NOTICE + "again/", notices.again, name="send_again"),
    path(NOTICE + "answer/", notices.answer, name="answer_notice"),
    path(NOTICE + "clock/", clock_pages.turn, name="turn_notice"),
    path(NOTICE + "received/", clock_pages.received, name="received_notice"),
    path(NOTICE + "withdraw/", notices.withdraw, name="withdraw_notice"),
]
