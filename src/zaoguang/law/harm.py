"""What was done to somebody: the sixteen harms that laws, routes and facts speak of; and the doors that stand open."""

from enum import StrEnum

__all__ = ["Door", "Harm", "RouteKind"]


class Harm(StrEnum):
    """One kind of harm; a case may hold several."""

    COVERT_PUBLIC = "covert_public"  # under the skirt, on the train, in the mall
    COVERT_PREMISES = "covert_premises"  # a camera in a hotel, toilet, fitting room, clinic, rented flat
    PARTNER_LEAK = "partner_leak"  # spread by an ex, a spouse, family
    PARTNER_COVERT = "partner_covert"  # filmed at home without knowing
    THREAT_SEXTORTION = "threat_sextortion"  # a threat to publish, for money or more images
    DEEPFAKE = "deepfake"  # a face swapped in, clothes taken off by software
    DOXXING = "doxxing"  # names, numbers, addresses
    ASSAULT_FOOTAGE = "assault_footage"  # drugged or filmed rape
    TRADE = "trade"  # sold, in paid groups
    DEVICE_SALE = "device_sale"  # disguised cameras sold
    TUTORIAL = "tutorial"  # teaching how
    GROUP_ADMIN = "group_admin"  # running or filling a group
    DRUG_ADS = "drug_ads"  # sedatives offered
    HACKED_CAMERA = "hacked_camera"  # a home camera taken over
    MINOR_ANY = "minor_any"  # any of it, with somebody under 18
    REPOSTING_MOB = "reposting_mob"  # forwarding, commenting, harassing


class RouteKind(StrEnum):
    """Which branch of the law, or of help, a fact belongs to."""

    ADMINISTRATIVE = "administrative"
    CRIMINAL = "criminal"
    CIVIL = "civil"
    PLATFORM = "platform"
    REGULATOR = "regulator"
    SUPPORT = "support"


class Door(StrEnum):
    """What a survivor does: the step a route consists of, by which routes are put in order."""

    APPEAL = "appeal"  # against a refusal or an answer; its time is running
    MEDICAL = "medical"
    MINORS = "minors"  # referral of anything with a sign of a minor
    CRIME = "crime"  # report a crime
    POLICE = "police"  # report to the police below crime
    PROTECTION = "protection"  # protection order
    PLATFORM = "platform"  # notice to the platform
    HASH = "hash"  # fingerprint programmes
    REMOVAL_HELP = "removal_help"  # a body that asks for removal on her behalf
    REGULATOR = "regulator"
    VENUE = "venue"  # letter to the hotel, mall, station
    INJUNCTION = "injunction"  # a court's order before judgment
    CIVIL = "civil"  # suit
    SUPPORT = "support"
