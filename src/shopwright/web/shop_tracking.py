"""Where a parcel is followed, by the carrier's name as the shop wrote it. Pure."""

from urllib.parse import quote

# The first word that stands in the carrier's name decides; {} is the tracking code.
PAGES = {
    "dhl": "https://www.dhl.com/en/express/tracking.html?AWB={}",
    "deutsche post": "https://www.deutschepost.de/de/s/sendungsverfolgung.html?piececode={}",
    "dpd": "https://tracking.dpd.de/parcelstatus?query={}",
    "gls": "https://gls-group.eu/track/{}",
    "hermes": "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation#{}",
    "evri": "https://www.evri.com/track/parcel/{}",
    "ups": "https://www.ups.com/track?tracknum={}",
    "usps": "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={}",
    "royal mail": "https://www.royalmail.com/track-your-item#/tracking-results/{}",
    "postnl": "https://postnl.nl/tracktrace/?B={}",
    "la poste": "https://www.laposte.fr/outils/suivre-vos-envois?code={}",
}


def tracking_url(carrier: str | None, code: str | None) -> str | None:
    """None for a carrier that we know no page of."""
    if not code:
        return None
    name = (carrier or "").casefold().replace("_", " ").replace("-", " ")
    page = next((page for word, page in PAGES.items() if word in name), None)
    return page.format(quote(code.strip(), safe="")) if page else None
