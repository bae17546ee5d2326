"""Selling and luring: the detectors ``solicitation``, ``link_hosts`` and ``repetition``.

A link alone says nothing: a newspaper, a petition and a government page are links too. What counts is a selling phrase
together with a way to be reached, a host that is listed, or the same text over and over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from bot.moderation.detectors.detector import Kind, Match, Parameters
from bot.moderation.detectors.sayings import ListedPhrases, PhraseParameters, describe_phrases
from bot.moderation.links import Link, touches, within
from bot.moderation.needs import Holds, Needs, Whole, one_of
from bot.moderation.passage import Passage
from bot.moderation.phrases import Phrasebook
from bot.moderation.verdict import Span
from bot.moderation.wordlists import WordLists

_PHONE = re.compile(r"(?<!\w)\+?\(?\d(?:[ ().-]{0,2}\d){6,14}(?!\w)")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{2,63}")

Contact = Literal["link", "phone", "email", "channel"]


class SolicitationParameters(PhraseParameters):
    """``contact``: the ways to be reached of which one must be there (none: the phrase is enough).

    ``channels``: phrases that are a way to be reached (``message me on whatsapp``). ``trusted``: domains whose links
    are no way to be reached. ``hosts``: only links to these are one (none named: all others).
    """

    contact: tuple[Contact, ...] = ()
    channels: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


class Solicitation:
    """A selling phrase that stands, with a way to be reached if the rule asks for one."""

    enumerable = True

    def __init__(self, parameters: SolicitationParameters) -> None:
        self._given = parameters
        self._phrases = ListedPhrases(parameters)
        self._channels = Phrasebook(parameters.channels, parameters.sets)
        self._trusted = frozenset(parameters.trusted)
        self._hosts = frozenset(parameters.hosts)

    def needs(self) -> Needs:
        return self._phrases.needs()

    def find(self, passage: Passage) -> Iterator[Match]:
        said = self._phrases.standing(passage)
        contacts = self._contacts(passage) if said and self._given.contact else []
        if said and (contacts or not self._given.contact):
            yield Match(tuple(sorted({*said, *contacts[:3]}, key=lambda span: (span.start, span.end))))

    def _contacts(self, passage: Passage) -> list[Span]:
        ways = self._given.contact
        spans = [_span_of(link, passage) for link in self._links(passage)] if "link" in ways else []
        if "phone" in ways:
            spans += [passage.folded.span(*found.span()) for found in _PHONE.finditer(passage.folded.text)]
        if "email" in ways:
            spans += [passage.folded.span(*found.span()) for found in _EMAIL.finditer(passage.folded.text)]
        if "channel" in ways:
            words = passage.words
            spans += [words.span(hit.start, hit.end) for hit in self._channels.found(words)]
        return spans

    def _links(self, passage: Passage) -> list[Link]:
        links = untrusted(passage.links, self._trusted)
        return [link for link in links if not self._hosts or within(link.host, self._hosts)]

    def describe(self) -> Iterator[str]:
        yield from describe_phrases(self._given)
        if self._given.hosts:
            yield f"  only links to these count: {', '.join(self._given.hosts)}"
        if self._given.contact:
            yield f"  together with one of: {', '.join(self._given.contact)}"
        yield from (f"  a channel is: {phrase}" for phrase in self._given.channels)
        if self._given.trusted:
            yield f"  links to these don't count: {', '.join(self._given.trusted)}"


class HostParameters(Parameters):
    """``holding``: words that a host may not hold; ``hosts``: whole hosts. ``alone``: so many words beside, at most."""

    holding: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    alone: int | None = None


class LinkHosts:
    """Links to listed hosts, or to hosts whose name holds a listed word."""

    enumerable = True

    def __init__(self, parameters: HostParameters) -> None:
        self._given = parameters
        self._hosts = frozenset(parameters.hosts)

    def needs(self) -> Needs:
        return (one_of(*map(Holds, (*self._given.hosts, *self._given.holding))),)

    def find(self, passage: Passage) -> Iterator[Match]:
        hits = [link for link in passage.links if self._is_listed(link)]
        if hits and (self._given.alone is None or _words_beside(passage) <= self._given.alone):
            yield Match(tuple(_span_of(link, passage) for link in hits))

    def _is_listed(self, link: Link) -> bool:
        return within(link.host, self._hosts) or any(word in link.host for word in self._given.holding)

    def describe(self) -> Iterator[str]:
        if self._given.hosts:
            yield f"Links to: {', '.join(self._given.hosts)}"
        if self._given.holding:
            yield f"Links to hosts whose name holds: {', '.join(self._given.holding)}"
        if self._given.alone is not None:
            yield f"  only with at most {self._given.alone} words beside the link"


class RepetitionParameters(SolicitationParameters):
    """``copies``: so many earlier ones of the same text by the same account, within ``window_hours``."""

    copies: int = Field(ge=1)
    window_hours: int = Field(ge=1, le=24 * 30)
    phrases: tuple[str, ...] = ()  # a link is enough


class Repetition:
    """The same text again and again, with a link or a selling phrase in it. Words alone may be repeated freely."""

    enumerable = True

    def __init__(self, parameters: RepetitionParameters) -> None:
        self._given = parameters
        self._phrases = ListedPhrases(parameters)
        self._trusted = frozenset(parameters.trusted)

    def needs(self) -> Needs:
        return (one_of(Whole.COPIES),)

    def find(self, passage: Passage) -> Iterator[Match]:
        if passage.item.copies >= self._given.copies:
            spans = [_span_of(link, passage) for link in untrusted(passage.links, self._trusted)]
            spans += self._phrases.standing(passage)
            if spans:
                yield Match(tuple(dict.fromkeys(spans)))

    def describe(self) -> Iterator[str]:
        yield (
            f"The same text, small changes aside, from the same account after {self._given.copies} earlier ones within"
            f" {self._given.window_hours} hours, if it holds a link or one of these phrases."
        )
        yield from describe_phrases(self._given) if self._given.phrases else ()
        if self._given.trusted:
            yield f"  links to these don't count: {', '.join(self._given.trusted)}"


def untrusted(links: Sequence[Link], trusted: frozenset[str]) -> list[Link]:
    """The links that lead out of the trusted domains."""
    return [link for link in links if not within(link.host, trusted)]


def _span_of(link: Link, passage: Passage) -> Span:
    return passage.folded.span(link.start, link.end)


def _words_beside(passage: Passage) -> int:
    return sum(not touches(passage.links, start, end) for start, end in passage.words.edges)


def _solicitation(parameters: SolicitationParameters, _lists: WordLists) -> Solicitation:
    return Solicitation(parameters)


def _link_hosts(parameters: HostParameters, _lists: WordLists) -> LinkHosts:
    return LinkHosts(parameters)


def _repetition(parameters: RepetitionParameters, _lists: WordLists) -> Repetition:
    return Repetition(parameters)


SOLICITATION = Kind(SolicitationParameters, _solicitation)
LINK_HOSTS = Kind(HostParameters, _link_hosts)
REPETITION = Kind(RepetitionParameters, _repetition)
