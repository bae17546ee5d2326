"""A stand-in for Slack on loopback: its Web API, its Socket Mode, its signed requests, and the people who press.

Everything stays in memory. ``GET /channel/<name>``, ``/home/<user>`` and ``/modal/<view>`` show what a person sees.
Source of every shape: https://docs.slack.dev
"""

from __future__ import annotations

from bot.demo.slack.driver import Driver
from bot.demo.slack.envelope import Delivered, Envelope
from bot.demo.slack.message import SlackError
from bot.demo.slack.server import Slack, ratelimited, refused
from bot.demo.slack.signed import signature
from bot.demo.slack.workspace import Channel, SlackUser, Upload

__all__ = [
    "Channel",
    "Delivered",
    "Driver",
    "Envelope",
    "Slack",
    "SlackError",
    "SlackUser",
    "Upload",
    "ratelimited",
    "refused",
    "signature",
]
