"""What people pressed in Slack. A press that is refused is a record like one that is taken."""

from __future__ import annotations

from sqlmodel import Session, col, select, update

from bot.ledger.tables import Press

BEGUN, ASKED, TAKEN, REFUSED, FAILED = "begun", "asked", "taken", "refused", "failed"
SETTLED = frozenset({ASKED, TAKEN, REFUSED})
"""After one of these the same press is heard no more; one that was begun or failed is taken up again."""


def begin(session: Session, press: Press) -> bool:
    """Write a press down before anything is done on its account. ``False`` when it was settled before."""
    # Held, not read: of the same press on two sockets at once the second waits for the first.
    known = session.exec(select(Press).where(Press.key == press.key).with_for_update()).first()
    if known is None:
        session.add(press)
        session.flush()
        return True
    return known.outcome not in SETTLED


def settle(session: Session, key: str, outcome: str, because: str) -> None:
    """Write down what became of a press."""
    session.exec(update(Press).where(col(Press.key) == key).values(outcome=outcome, because=because))
