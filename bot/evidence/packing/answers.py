"""The platform's answers, fit to be kept: no secret of ours in them, no header that carries one, none endless."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bot.evidence.canonical import sha256
from bot.evidence.packing.leaks import Leaks, Spans
from connectors.contract import Exchange

LARGEST_BODY = 5 * 1024 * 1024
"""Bytes of one answer that are kept. A comment read alone is some kilobytes; the rest is counted, not kept."""

_CREDENTIALS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"})

CUT = "Answer {number} of the platform had {received:,} bytes; the first {kept:,} are kept."
MASKED = "A secret of the city stood in {what}; it is masked, with as many asterisks."


@dataclass(frozen=True, slots=True)
class Mask:
    """What was masked: ``spans`` count bytes of the ``part`` (address, header …, body) of a file of the package."""

    member: str
    part: str
    spans: Spans


@dataclass(frozen=True, slots=True)
class Answer:
    """One exchange as it is kept. ``received_*`` are of the body before it was masked or cut."""

    exchange: Exchange
    received_bytes: int
    received_sha256: str


@dataclass(frozen=True, slots=True)
class Answers:
    """All exchanges of a package as they are kept, what was masked in them, and what is missing of them."""

    kept: tuple[Answer, ...]
    masks: tuple[Mask, ...]
    gaps: tuple[str, ...]

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The exchanges alone."""
        return tuple(answer.exchange for answer in self.kept)


def name_of(number: int, part: str) -> str:
    """The file of the package that holds a part of an exchange: ``request.http``, ``response.http``, …"""
    return f"data/api/{number:03}-{part}"


def fit(exchanges: Iterable[Exchange], leaks: Leaks) -> Answers:
    """The exchanges of a package, made fit to be kept."""
    kept: list[Answer] = []
    masks: list[Mask] = []
    gaps: list[str] = []
    for number, exchange in enumerate(exchanges, start=1):
        kept.append(_kept(number, exchange, leaks, masks))
        if len(exchange.body) > LARGEST_BODY:
            gaps.append(CUT.format(number=number, received=len(exchange.body), kept=LARGEST_BODY))
    return Answers(tuple(kept), tuple(masks), tuple(gaps))


def _kept(number: int, exchange: Exchange, leaks: Leaks, masks: list[Mask]) -> Answer:
    request, head, content = (name_of(number, part) for part in ("request.http", "response.http", "response.body"))
    url, in_url = leaks.mask_text(exchange.url)
    # Masked before it is cut, or the cut would leave the beginning of a secret that nobody recognises.
    body, in_body = leaks.mask(exchange.body)
    if in_url:
        masks.append(Mask(request, "address", in_url))
    clean = replace(
        exchange,
        url=url,
        request_headers=_headers(request, exchange.request_headers, leaks, masks),
        headers=_headers(head, exchange.headers, leaks, masks),
        body=body[:LARGEST_BODY],
    )
    if in_body:
        masks.append(Mask(content, "body", in_body))
    return Answer(clean, len(exchange.body), sha256(exchange.body))


def _headers(
    member: str, pairs: Sequence[tuple[str, str]], leaks: Leaks, masks: list[Mask]
) -> tuple[tuple[str, str], ...]:
    kept: list[tuple[str, str]] = []
    for name, value in pairs:
        # These carry nothing but credentials: masked whole, known to us or not.
        whole = name.lower() in _CREDENTIALS
        masked, spans = ("*" * len(value), ((0, len(value)),)) if whole else leaks.mask_text(value)
        if masked != value:
            masks.append(Mask(member, f"header {name}", spans))
        kept.append((name, masked))
    return tuple(kept)
