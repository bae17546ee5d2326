"""Whom the page's server proved to be, and what to say when it couldn't."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import CDPSession, Error

FILE = "The address leads to a file, not to a page."
INSPECTED = (
    "The certificate of the page was not accepted ({code}). If this network inspects encrypted traffic, put its root"
    " certificate into /usr/local/share/ca-certificates and install libnss3-tools (as root)."
)


class Certificates:
    """Listens to the answers of a page; knows the certificate of the one that became the page."""

    def __init__(self, cdp: CDPSession) -> None:
        self._cdp = cdp
        self._details: Mapping[str, Any] | None = None

    def listen(self) -> None:
        """From now on. (The recorder has the browser tell of answers.)"""
        self._cdp.on("Network.responseReceived", self._received)

    def facts(self, url: str) -> dict[str, object] | None:
        """Issuer, subject, validity (UTC), protocol, and the SHA-256 of the certificate; ``None`` without TLS."""
        if self._details is None:
            return None
        found = self._details
        return {
            "subject": str(found.get("subjectName", ""))[:300],
            "issuer": str(found.get("issuer", ""))[:300],
            "valid_from": _when(found.get("validFrom")),
            "valid_to": _when(found.get("validTo")),
            "protocol": str(found.get("protocol", ""))[:40],
            "sha256": self._fingerprint(url),
        }

    def _received(self, event: Mapping[str, Any]) -> None:
        # A redirect's own answer is not reported here: the last document of the page's own frame is the page.
        if event.get("type") == "Document" and event.get("requestId") == event.get("loaderId"):
            self._details = event["response"].get("securityDetails") or self._details

    def _fingerprint(self, url: str) -> str | None:
        parts = urlsplit(url)
        try:
            chain = self._cdp.send("Network.getCertificate", {"origin": f"{parts.scheme}://{parts.netloc}"})[
                "tableNames"
            ]
        except Error:
            return None
        return hashlib.sha256(base64.b64decode(chain[0])).hexdigest() if chain else None


def not_opened(message: str) -> str | None:
    """The sentence for a page that could not be opened; ``None`` when that isn't what the browser says."""
    if "Download is starting" in message:
        return FILE
    if "net::ERR_" not in message:
        return None
    code = "ERR_" + message.partition("net::ERR_")[2].split()[0]
    return INSPECTED.format(code=code) if code.startswith("ERR_CERT_") else f"The page could not be opened: {code}."


def _when(seconds: object) -> str | None:
    if not isinstance(seconds, int | float):
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
