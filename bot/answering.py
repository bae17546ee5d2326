"""Puts the door in Slack together: what stands behind it, and the line or the receiver by which Slack reaches it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import structlog

from bot.app import Beadle
from bot.errands import approve_request, errands
from bot.errors import ConfigError
from bot.settings import Settings
from bot.slack.checks import NO_BOT
from bot.slack.door import Door
from bot.slack.hall import Hall, OwnPost
from bot.slack.link import Link
from bot.slack.receiver import NO_SECRET, Receiver
from bot.slack.wire import Wire, web_client
from bot.voice import Voice

log = structlog.get_logger(__name__)

OWN_POST = "A post of ours on this page was reported (report {number}): {what} It is meant: {where}"


def is_configured(settings: Settings) -> bool:
    """Whether people can answer in Slack: then alerts carry buttons."""
    return settings.slack_app_token is not None or settings.slack_listen is not None


def hall_of(beadle: Beadle) -> Hall:
    """What answers in Slack are given."""
    return Hall(
        people=beadle.configuration.people,
        review=beadle.review,
        restricted=beadle.archive.restricted,
        report=beadle.reporting.report,
        own_post=_own_post(beadle),
        approve_request=approve_request(beadle),
        doings=errands(beadle),
    )


@contextmanager
def answering(beadle: Beadle) -> Iterator[None]:
    """Be reachable in Slack, where the city wants it. Raises ``ConfigError`` for half a configuration."""
    settings = beadle.settings
    if not is_configured(settings):
        yield
        return
    if settings.slack_token is None:
        raise ConfigError(NO_BOT)
    secret = _secret(settings)
    with ExitStack() as undo:
        wire = Wire(web_client(settings.slack_token.get_secret_value(), settings.slack_base_url))
        door = Door(hall_of(beadle), wire, signing_secret=secret)
        undo.callback(door.close)
        way = _receiver(settings, door) if settings.slack_listen is not None else _link(settings, door)
        way.start()
        undo.callback(way.stop)
        yield


def _receiver(settings: Settings, door: Door) -> Receiver:
    assert settings.slack_listen is not None
    return Receiver(settings.slack_listen, _secret(settings), door.app)


def _link(settings: Settings, door: Door) -> Link:
    assert settings.slack_app_token is not None
    return Link(door.app, settings.slack_app_token.get_secret_value())


def _secret(settings: Settings) -> str:
    if settings.slack_listen is None:
        return ""
    if settings.slack_signing_secret is None:
        raise ConfigError(NO_SECRET)
    return settings.slack_signing_secret.get_secret_value()


def _own_post(beadle: Beadle) -> OwnPost:
    def report(page: str, where: str, voice: Voice, what: str) -> int:
        """Record it, and tell those in charge without the name."""
        number = beadle.reporting.own_post(page, where, voice, what)
        desk = beadle.route.desks.get(page)
        if desk is not None:
            beadle.tell(desk, OWN_POST.format(number=number, what=what, where=where), f"own-post-{number}")
        return number

    return report
