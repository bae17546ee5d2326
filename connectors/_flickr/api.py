"""Signs calls to Flickr and reads its answers, which are errors as often under HTTP 200 as under any other status.

Sources: flickr.com/services/api/ (the pages of the methods, each with its error codes) and
flickr.com/services/api/auth.oauth.html.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from oauthlib.oauth1 import Client

from connectors._answers import NOT_EXPECTED, Throttled, decoded, the_object
from connectors._api import Answer, Rest
from connectors._budget import Allowance, Budget
from connectors._credentials import Credentials
from connectors._exchange import Exchange
from connectors._setup import Setup
from connectors.contract import AuthFailed, ConnectorError, Gone, Malformed, PermissionLost, Unavailable
from connectors.transport import Transport

PLATFORM = "flickr"
NAME = "Flickr"
ENDPOINT = "/services/rest/"
# flickr.com/services/developer/api: "under 3600 queries per hour across the whole key".
CALLS_AN_HOUR = Allowance(3600, "hour", reserve=0.1)

BAD_SIGNATURE = "Flickr does not accept the signature; store key, secret, token and token_secret again, each whole."
CLOCK_REFUSED = "Flickr does not accept the time of the call; switch on time synchronisation (NTP) on this machine."
SIGN_IN_AGAIN = (
    "Flickr does not accept the token; authorise the application again as the city's account and store the new one."
)
BAD_KEY = "Flickr does not know the API key, or has switched it off; look at flickr.com/services/apps."
NO_RIGHT = 'Flickr lets this token not do that; authorise the application again with the permission "write".'
NOT_THERE = "Flickr has nothing under that id that this account may see."
DOWN = "Flickr is out of order for the moment; the call is tried again."
TOO_OFTEN = "Flickr asks us to slow down."
NOT_UNDERSTOOD = "Flickr did not understand the call ({code}); the answer is kept, tell the maintainers."

_KINDS: Mapping[str, tuple[type[ConnectorError], str]] = {
    "1": (Gone, NOT_THERE),
    "2": (Gone, NOT_THERE),
    "96": (AuthFailed, BAD_SIGNATURE),
    "97": (AuthFailed, BAD_SIGNATURE),
    "98": (AuthFailed, SIGN_IN_AGAIN),
    "99": (PermissionLost, NO_RIGHT),
    "100": (AuthFailed, BAD_KEY),
    # Temporary by Flickr's own words: "service currently unavailable", "write operation failed".
    "0": (Unavailable, DOWN),
    "105": (Unavailable, DOWN),
    "106": (Unavailable, DOWN),
}
_OAUTH = {
    "timestamp_refused": (AuthFailed, CLOCK_REFUSED),
    "token_rejected": (AuthFailed, SIGN_IN_AGAIN),
    "token_expired": (AuthFailed, SIGN_IN_AGAIN),
    "token_revoked": (AuthFailed, SIGN_IN_AGAIN),
    "consumer_key_unknown": (AuthFailed, BAD_KEY),
    "consumer_key_rejected": (AuthFailed, BAD_KEY),
    "permission_denied": (PermissionLost, NO_RIGHT),
    # Each call is signed anew, so trying again is right.
    "nonce_used": (Unavailable, DOWN),
}


class Flickr:
    """One account's calls, by the names of Flickr's methods."""

    def __init__(self, transport: Transport, credentials: Credentials, setup: Setup) -> None:
        budget = Budget(
            NAME,
            clock=setup.clock,
            allowances=(CALLS_AN_HOUR,),
            spending=setup.spending,
            # The limit is the key's, over all accounts that use it; only its beginning is stored.
            key=credentials["key"][:6],
        )
        self.transport = transport
        self._rest = Rest(transport, headers=_signer(credentials), read=read_answer, budget=budget, clock=setup.clock)

    def now(self) -> datetime:
        """The connector's clock."""
        return self._rest.now()

    def ask(self, method: str, *, poll: bool = False, **params: Any) -> Answer:
        """Read. Errors: the contract's."""
        return self._rest.get(ENDPOINT, {**_asked(method), **params}, poll=poll)

    def tell(self, method: str, **params: Any) -> Answer:
        """Write, once."""
        return self._rest.write("POST", ENDPOINT, form={**_asked(method), **params})


def read_answer(exchange: Exchange) -> dict[str, Any]:
    """The object of an answer. Errors: the contract's, named by Flickr's own code."""
    problem = _oauth_problem(exchange)
    if problem:
        kind, sentence = _OAUTH.get(problem, (AuthFailed, BAD_SIGNATURE))
        raise kind(sentence, exchange=exchange, code=problem, status=exchange.status)
    if exchange.status == 429:
        raise Throttled(TOO_OFTEN, exchange=exchange, status=429)
    if exchange.status >= 500:
        raise Unavailable(DOWN, exchange=exchange, status=exchange.status)
    answer = the_object(decoded(exchange, NAME), exchange, NAME)
    if answer.get("stat") == "ok" and exchange.status < 400:
        return answer
    if answer.get("stat") != "fail":
        raise Malformed(NOT_EXPECTED.format(platform=NAME), exchange=exchange, status=exchange.status)
    raise _failure(str(answer.get("code")), exchange)


def _failure(code: str, exchange: Exchange) -> ConnectorError:
    kind, sentence = _KINDS.get(code, (Malformed, NOT_UNDERSTOOD.format(code=code[:20])))
    return kind(sentence, exchange=exchange, code=code[:20], status=exchange.status)


def _oauth_problem(exchange: Exchange) -> str | None:
    """What Flickr writes as plain text when OAuth itself fails: ``oauth_problem=signature_invalid&debug_sbs=...``."""
    start = exchange.body[:200].decode("ascii", "replace").strip()
    if not start.startswith("oauth_problem="):
        return "unauthorized" if exchange.status == 401 else None
    return start.removeprefix("oauth_problem=").partition("&")[0]


def _asked(method: str) -> dict[str, str]:
    return {"method": method, "format": "json", "nojsoncallback": "1"}


def _signer(credentials: Credentials) -> Callable[[str, str, bytes | None], Mapping[str, str]]:
    client = Client(
        credentials["key"],
        client_secret=credentials["secret"],
        resource_owner_key=credentials["token"],
        resource_owner_secret=credentials["token_secret"],
    )

    def sign(method: str, address: str, content: bytes | None) -> Mapping[str, str]:
        form = {"Content-Type": "application/x-www-form-urlencoded"} if content else {}
        _, headers, _ = client.sign(address, method, content.decode() if content else None, form)
        # In the header alone: an address is kept, a header of this name is masked.
        return {"Authorization": headers["Authorization"]}

    return sign
