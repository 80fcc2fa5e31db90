"""From a case and a channel to the message to send: complete for its law, in the addressee's language, sent once.

A regime (one law's notice) is a folder under ``regimes/``: copy one, change its ``regime.yaml`` and its texts, and the
new law is there. A channel (how a platform takes a report) is an entry of a file under ``channels/``.
"""

from zaoguang.notices.authority import statement_of_authority
from zaoguang.notices.batch import Batch, Limit, not_pending, plan_batches, same_address
from zaoguang.notices.channel import OPEN_ROUTES, Channel, Route, channel, channel_for, channels, stale_channels
from zaoguang.notices.deadline import Deadline
from zaoguang.notices.delivery import Accepted, Delivery, MailServer, NotSent, Reason, Unknown, deliver
from zaoguang.notices.further import Further, Occasion, Towards
from zaoguang.notices.host import Contact, DnsAnswers, HostFacts, Network, read_host
from zaoguang.notices.ladder import Rung, Step, ladder
from zaoguang.notices.mail import Annex, compose
from zaoguang.notices.regime import (
    NOTICE_LANGUAGES,
    Audience,
    Condition,
    Field,
    FieldKind,
    Identity,
    Option,
    Regime,
    Sender,
    load_regimes,
    regime,
    regimes,
)
from zaoguang.notices.text import Text, prior_report, render
from zaoguang.notices.values import Missing, Values, missing, names_survivor

__all__ = [
    "NOTICE_LANGUAGES",
    "OPEN_ROUTES",
    "Accepted",
    "Annex",
    "Audience",
    "Batch",
    "Channel",
    "Condition",
    "Contact",
    "Deadline",
    "Delivery",
    "DnsAnswers",
    "Field",
    "FieldKind",
    "Further",
    "HostFacts",
    "Identity",
    "Limit",
    "MailServer",
    "Missing",
    "Network",
    "NotSent",
    "Occasion",
    "Option",
    "Reason",
    "Regime",
    "Route",
    "Rung",
    "Sender",
    "Step",
    "Text",
    "Towards",
    "Unknown",
    "Values",
    "channel",
    "channel_for",
    "channels",
    "compose",
    "deliver",
    "ladder",
    "load_regimes",
    "missing",
    "names_survivor",
    "not_pending",
    "plan_batches",
    "prior_report",
    "read_host",
    "regime",
    "regimes",
    "render",
    "same_address",
    "stale_channels",
    "statement_of_authority",
]
