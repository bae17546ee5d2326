"""What each checkpoint has from each time stamp authority: for a person who looks through them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from cryptography import x509

from bot.errors import EvidenceError
from bot.evidence.chain.folder import CheckpointFolder
from bot.evidence.chain.stamps import Authority, NotChecked, check, kept_roots
from bot.evidence.storage import durable

State = Literal["stamped", "stamped late", "pending", "covered", "invalid", "not checked"]
LATE_S = 600.0


@dataclass(frozen=True, slots=True)
class StampState:
    """One checkpoint and one authority. ``made`` is when the note was written by this machine's clock, ``at`` the time
    of the stamp; ``covered`` means that a later checkpoint, which vouches for this one too, is stamped."""

    size: int
    made: datetime
    authority: str
    state: State
    at: datetime | None = None
    why: str = ""


def stamp_states(
    folder: CheckpointFolder, authorities: Sequence[Authority], sizes: Sequence[int]
) -> Iterator[StampState]:
    """The states of these checkpoints, in order, by authorities of the configuration and any that stamped before."""
    replies = {(reply.size, reply.place) for reply in folder.replies()}
    names = {authority.place: authority.host for authority in authorities}
    names |= {place: f"authority {place}" for _, place in replies if place not in names}
    newest = {place: max((size for size, by in replies if by == place), default=-1) for place in names}
    roots = kept_roots(folder.roots)
    for size in sizes:
        with durable.disk():
            made = datetime.fromtimestamp(folder.note(size).stat().st_mtime, UTC)
        for place, name in sorted(names.items()):
            if (size, place) in replies:
                yield _looked_at(folder, roots, StampState(size, made, name, "stamped"), place)
            else:
                yield StampState(size, made, name, "covered" if newest[place] > size else "pending")


def _looked_at(folder: CheckpointFolder, roots: list[x509.Certificate], found: StampState, place: int) -> StampState:
    size, made, name = found.size, found.made, found.authority
    try:
        stamp = check(folder.read(size).data, folder.read_reply(size, place), roots, folder.read_query(size, place))
    except NotChecked as error:
        return StampState(size, made, name, "not checked", None, error.sentence)
    except EvidenceError as error:
        return StampState(size, made, name, "invalid", None, error.sentence)
    late = (stamp.at - made).total_seconds() > LATE_S
    return StampState(size, made, stamp.authority or name, "stamped late" if late else "stamped", stamp.at)
