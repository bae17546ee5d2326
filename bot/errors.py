"""What can go wrong inside the bot, each named for what a person does next::

    BeadleError
    ├── ConfigError      mend the named line of the configuration; nothing was started with it
    ├── PolicyError      mend the named rule of the policy pack; the page that uses it is not judged
    ├── EvidenceError    look at the archive before anything else; no act happens without a proven seal
    ├── HoldError        ask the records custodian: the law says that this record stays
    └── NotAllowed       ask a person who may, or change who may in config/people.yaml

Errors between us and a platform have their own tree, drawn in ``connectors/contract.py``.
"""

from __future__ import annotations

from pathlib import Path


class BeadleError(Exception):
    """One ``sentence`` that says what to do next, and ``facts`` for the log.

    Neither ever holds a token or the text of a comment. The cause is chained: ``raise ... from error``.
    """

    def __init__(self, sentence: str, **facts: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.facts = facts


class ConfigError(BeadleError):
    """A setting, or a line of a configuration file, that can't be used as it stands."""


class PolicyError(BeadleError):
    """A rule, clause or word list of a policy pack that can't be used as it stands."""


class EvidenceError(BeadleError):
    """Evidence that could not be sealed, or that is not what was sealed. Nothing may be done on its strength."""


class HoldError(BeadleError):
    """A record under a hold, an appeal or a request was about to be changed or disposed of."""


class NotAllowed(BeadleError):
    """This person, or this part of the program, may not do this."""


def at_line(path: Path | str, line: int | None, what: str) -> str:
    """The sentence for a mistake in a file: ``config/pages.yaml:7: what``. Lines count from 1."""
    return f"{path}:{line}: {what}" if line else f"{path}: {what}"
