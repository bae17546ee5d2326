"""Mail on its way: a letter is written down in the commit of what it tells of, and handed over later."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP

from sqlmodel import Session

from bot.ledger.tables import Letter


def put(session: Session, key: str, kind: str, mail: EmailMessage, to: tuple[str, ...], now: datetime) -> bool:
    """Write a letter down, due now. ``False`` when one with this key stands there already: it is not written twice."""
    if session.get(Letter, key) is not None:
        return False
    session.add(
        Letter(
            key=key,
            kind=kind,
            message_id=str(mail["Message-ID"]),
            recipients=list(to),
            mime=mail.as_bytes(policy=SMTP),
            made_at=now,
            due_at=now,
        )
    )
    session.flush()
    return True
