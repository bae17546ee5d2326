"""The Graph's error answers (v26.0), as errors to raise and as faults to plan."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.demo.faults import Fault, json_answer

_DOCS = "https://developers.facebook.com/docs/graph-api"


class GraphError(Exception):
    """One error answer: its HTTP status and what stands in ``{"error": {...}}``."""

    def __init__(
        self,
        message: str,
        *,
        code: int,
        subcode: int | None = None,
        kind: str = "OAuthException",
        status: int = 400,
        transient: bool | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self._facts = {
            "message": message,
            "type": kind,
            "is_transient": transient,
            "code": code,
            "error_subcode": subcode,
        }

    def body(self) -> dict[str, object]:
        """The body to send; every one has its own ``fbtrace_id``."""
        facts = {key: value for key, value in self._facts.items() if value is not None}
        return {"error": {**facts, "fbtrace_id": trace_id()}}

    def fault(self) -> Fault:
        """This answer as a fault to plan."""
        return json_answer(self.status, self.body(), {"facebook-api-version": "v26.0", **self.headers})


def trace_id() -> str:
    """An id such as ``AVm2-l1uIbEBlTb8nG5d6hX``."""
    return "A" + secrets.token_urlsafe(17)


def gone(verb: str, object_id: str) -> GraphError:
    """100/33: no such object, or none that this token may see."""
    message = (
        f"Unsupported {verb} request. Object with ID '{object_id}' does not exist, cannot be loaded due to missing "
        f"permissions, or does not support this operation. Please read the Graph API documentation at {_DOCS}"
    )
    return GraphError(message, code=100, subcode=33, kind="GraphMethodException")


def unknown_field(name: str, node: str) -> GraphError:
    return GraphError(f"(#100) Tried accessing nonexisting field ({name}) on node type ({node})", code=100)


def invalid_parameter(why: str) -> GraphError:
    return GraphError(f"(#100) {why}", code=100)


def no_token() -> GraphError:
    return GraphError("An access token is required to request this resource.", code=104)


def bad_token() -> GraphError:
    return GraphError(
        "Invalid OAuth access token - Cannot parse access token",
        code=190,
        headers={"www-authenticate": 'OAuth "Facebook Platform" "invalid_token" "Cannot parse access token"'},
    )


def session_expired(at: datetime) -> GraphError:
    """190/463, with the moment at which the token ran out."""
    expired, now = (moment.strftime("%A, %d-%b-%y %H:%M:%S UTC") for moment in (at, datetime.now(UTC)))
    return GraphError(
        f"Error validating access token: Session has expired on {expired}. The current time is {now}.",
        code=190,
        subcode=463,
    )


def needs_permission(scope: str) -> GraphError:
    return GraphError(f"(#283) Requires {scope} permission to manage the object", code=283, status=403)


# What a test or a play switches on.


def token_expired() -> Fault:
    """190/463."""
    return session_expired(datetime.now(UTC)).fault()


def permission_lost() -> Fault:
    """10: the app or the person lost a permission."""
    message = (
        "(#10) This endpoint requires the 'pages_read_user_content' permission or the 'Page Public Content Access' "
        "feature."
    )
    return GraphError(message, code=10, status=403).fault()


def rate_limited(page_id: str, *, code: int = 80001, regain_minutes: int = 12) -> Fault:
    """4 (app), 32 (page), or 80001 (business use case), with the usage header that says when it ends."""
    messages = {
        4: "(#4) Application request limit reached",
        32: "(#32) Page request limit reached",
        80001: "(#80001) There have been too many calls to this Page account. Wait a bit and try again. "
        f"For more info, please refer to {_DOCS}/overview/rate-limiting#pages.",
    }
    headers = usage_headers(page_id, percent=100, regain_minutes=regain_minutes)
    return GraphError(
        messages[code], code=code, status=400 if code == 80001 else 403, transient=True, headers=headers
    ).fault()


def server_error() -> Fault:
    """Code 2, transient, with status 500."""
    message = "An unexpected error has occurred. Please retry your request later."
    return GraphError(message, code=2, status=500, transient=True).fault()


def abuse_block() -> Fault:
    """368: the platform takes the page's acts for abuse."""
    message = "The action attempted has been deemed abusive or is otherwise disallowed"
    return GraphError(message, code=368, transient=False).fault()


def too_much_data() -> Fault:
    """Code 1: ask for less at a time."""
    message = "Please reduce the amount of data you're asking for, then retry your request"
    return GraphError(message, code=1, status=500).fault()


def usage_headers(page_id: str, *, percent: int, regain_minutes: int = 0) -> dict[str, str]:
    """How much of its quota a caller has used, in both headers that the Graph sends."""
    used = {"call_count": percent, "total_cputime": percent, "total_time": percent}
    business = {page_id: [{"type": "pages", **used, "estimated_time_to_regain_access": regain_minutes}]}
    return {"x-app-usage": json.dumps(used), "x-business-use-case-usage": json.dumps(business)}
