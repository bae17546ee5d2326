"""One request and its answer, as the archive keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and the answer as received, secrets masked: what the archive keeps.

    ``body`` is the decoded body exactly as received; ``masked`` counts the secrets that were replaced in it.
    """

    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...]
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    started_at: datetime
    elapsed_ms: float
    http_version: str = "HTTP/1.1"
    masked: int = 0

    def header(self, name: str) -> str | None:
        """The first value of a response header, by case-insensitive name."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)
