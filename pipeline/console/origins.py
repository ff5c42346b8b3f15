"""Whether a browser says that a form came from a page of ours: the first of two proofs of it.

The other is what the form carries (`Session.form`). Browsers send `Sec-Fetch-Site` over HTTPS and
to this machine itself; with `Referrer-Policy: no-referrer` they send `Origin: null` with a form.
"""

from urllib.parse import urlsplit

from starlette.requests import Request

from pipeline.console.errors import ForgedError

_CHANGES_NOTHING = frozenset({"GET", "HEAD"})
_ELSEWHERE = "It was sent from another site."
_UNSAID = (
    "Your browser did not say which site it came from. "
    "The console works over HTTPS, or over HTTP on the very machine that it runs on."
)


def check_origin(request: Request) -> None:
    """Return if a request changes nothing, or came from a page of this site.

    Raises:
        ForgedError: it came from elsewhere, or nobody says from where.
    """
    if request.method in _CHANGES_NOTHING:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in {None, "same-origin"}:
        raise ForgedError(_ELSEWHERE)
    if origin in {None, "null"}:
        if site is None:
            raise ForgedError(_UNSAID)
    elif urlsplit(origin).netloc != request.headers.get("host"):
        raise ForgedError(_ELSEWHERE)
