"""What can go wrong between us and a platform.

Errors are named for what the caller does next::

    ConnectorError
    ├── Unavailable          try again later; nothing is known to have happened
    │   ├── RateLimited      wait until ``until``
    │   └── QuotaSpent       stop until the quota is renewed at ``until``
    ├── AuthFailed           stop this page and ask a person for a new token
    ├── PermissionLost       stop writing to this page and tell a person what is missing
    ├── Gone                 the object is not there any more: record it, an act counts as done
    ├── Blocked              the platform suspects abuse: stop all writes to it
    ├── Unsupported          the platform can't do this: send it to a person with instructions
    ├── InDoubt              nobody can tell whether it was carried out: a person looks, it is not sent again
    └── Malformed            the answer can't be read: keep it, go on, tell the maintainers
"""

from __future__ import annotations

from datetime import datetime

from connectors._exchange import Exchange


class ConnectorError(Exception):
    """Something between us and the platform. ``facts`` are for the log and never hold a token or a comment's text."""

    def __init__(self, sentence: str, *, exchange: Exchange | None = None, **facts: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.exchange = exchange
        self.facts = facts

    def __reduce__(self) -> tuple[object, ...]:
        # A durable engine pickles errors: the keyword arguments must survive, the answer with its words must not.
        return _revived, (type(self), self.sentence), {**self.__dict__, "exchange": None}


class Unavailable(ConnectorError):
    """No usable answer now: time-out, reset, 5xx, half an answer. Try again later."""


class RateLimited(Unavailable):
    """The platform asks us to wait until ``until`` (aware, UTC)."""

    def __init__(self, sentence: str, *, until: datetime, exchange: Exchange | None = None, **facts: object) -> None:
        super().__init__(sentence, exchange=exchange, **facts)
        self.until = until


class QuotaSpent(RateLimited):
    """Nothing more until the quota is renewed at ``until``."""


class AuthFailed(ConnectorError):
    """The token is dead, wrong or of the wrong kind. Stop this page, ask a person, once."""


class PermissionLost(ConnectorError):
    """The token lives but may not do this."""


class Gone(ConnectorError):
    """The comment, post or page is not there."""


class Blocked(ConnectorError):
    """The platform took us for a spammer. Stop writing to it for hours; a person looks."""


class Unsupported(ConnectorError):
    """The platform has no such act, or not for this object. A person is told how to do it by hand."""


class InDoubt(ConnectorError):
    """Something was sent and its answer lost, and reading doesn't tell. Sent again by a person or by nobody."""


class Malformed(ConnectorError):
    """The answer can't be understood. It is kept in ``exchange``."""


def _revived(kind: type[ConnectorError], sentence: str) -> ConnectorError:
    return kind.__new__(kind, sentence)
