"""What must be true before a page may be acted on, and who is told when it is not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.pages import Mode
from bot.preflight import CLOCK_OFF, NO_POLICY_URL, Fitness, check_page, policy_problem
from connectors.contract import AuthFailed, Health, Unavailable
from tests.office import NOW, SLUG, Office, open_office


class Notice(ThreadingHTTPServer):
    """The city's web server with its posted policy; ``status`` is what it answers."""

    status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/policy"


class _Answer(BaseHTTPRequestHandler):
    server: Notice

    def do_GET(self) -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def notice() -> Iterator[Notice]:
    """The posted policy, there to be read."""
    server = Notice(("127.0.0.1", 0), _Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def told() -> list[str]:
    """The keys of what people were told."""
    return []


@pytest.fixture
def fitness(office: Office, notice: Notice, told: list[str]) -> Fitness:
    """The fitness of the office's one page."""
    return Fitness(office.route.desks, notice.url, office.clock, lambda _desk, _sentence, key: told.append(key))


def test_a_page_that_was_never_checked_may_not_be_acted_on(fitness: Fitness) -> None:
    """The safe answer before there is one."""
    assert fitness.why_not(SLUG) == "the page has not been checked since Beadle started."
    assert [found.problems for found in fitness.check_all()] == [()]
    assert fitness.why_not(SLUG) is None


def test_each_thing_that_is_wrong_is_a_sentence(office: Office, notice: Notice) -> None:
    """Token, clock and published policy are all named, not only the first."""
    office.platform.health = Health(ok=False, problems=("The token can't hide.",), clock_skew_s=-95.4)
    notice.status = 404
    found = check_page(office.desk, notice.url, NOW)

    assert found.problems == (
        "The token can't hide.",
        CLOCK_OFF.format(skew=-95),
        f"the policy at {notice.url} can't be read (HTTP 404), and nothing is hidden by itself until it can.",
    )


def test_a_clock_within_a_minute_is_good_enough(office: Office, notice: Notice) -> None:
    """The platform's own header has whole seconds and the network takes its time."""
    office.platform.health = Health(ok=True, clock_skew_s=59.9)

    assert check_page(office.desk, notice.url, NOW).problems == ()


@pytest.mark.parametrize("error", [AuthFailed("The token is dead."), Unavailable("No answer.")])
def test_a_check_that_fails_is_a_problem_of_its_own(office: Office, notice: Notice, error: Exception) -> None:
    """Blind is not fit."""
    office.platform.fail("check", error)

    assert check_page(office.desk, notice.url, NOW).problems == (str(error),)


def test_a_policy_that_nobody_can_read_is_enforced_on_nobody(notice: Notice) -> None:
    """No address, no server, no page: each in its sentence; a page that is there is no problem."""
    down = "http://127.0.0.1:1/policy"

    assert policy_problem(None) == NO_POLICY_URL
    assert "ConnectError" in (policy_problem(down) or "")
    assert "can't be read" in (policy_problem("http://[broken") or "")
    assert policy_problem(notice.url) is None


def test_becoming_unfit_is_told_once_and_so_is_becoming_fit(fitness: Fitness, notice: Notice, told: list[str]) -> None:
    """A web server that is down for a night is two sentences."""
    fitness.check_all()
    for status in (500, 500, 503, 200, 200):
        notice.status = status
        fitness.check_all()

    assert told == ["unfit", "fit"]


def test_a_page_that_is_unfit_at_the_start_is_told(fitness: Fitness, notice: Notice, told: list[str]) -> None:
    """Nobody has to wait for a change to hear of it."""
    notice.status = 500
    fitness.check_all()

    assert told == ["unfit"]


def test_nobody_is_told_of_a_page_in_observe(office: Office, notice: Notice, told: list[str]) -> None:
    """Nothing is hidden there anyway; neither the bad news nor the good is any."""
    office.rearrange(mode=Mode.OBSERVE)
    fitness = Fitness(office.route.desks, notice.url, office.clock, lambda _desk, _sentence, key: told.append(key))
    for status in (500, 200):
        notice.status = status
        fitness.check_all()

    assert told == []


@pytest.mark.parametrize(("status", "due"), [(200, timedelta(hours=1)), (500, timedelta(minutes=1))])
def test_a_fit_page_is_checked_hourly_and_an_unfit_one_every_minute(
    office: Office, fitness: Fitness, notice: Notice, status: int, due: timedelta
) -> None:
    """What is mended should not have to wait an hour."""
    notice.status = status
    fitness.check_due(NOW)
    checks: Callable[[], int] = lambda: office.journal.count("check")  # noqa: E731
    fitness.check_due(NOW + due - timedelta(seconds=1))
    before = checks()
    fitness.check_due(NOW + due)

    assert (before, checks()) == (1, 2)


def test_the_answer_is_the_pages_own(office: Office, notice: Notice) -> None:
    """One page's dead token says nothing of another's."""
    other = replace(office.desk, page=replace(office.page, slug="library"))
    fitness = Fitness({SLUG: office.desk, "library": other}, notice.url, office.clock)
    fitness.check(office.desk)

    assert fitness.why_not(SLUG) is None
    assert fitness.why_not("library") is not None


def test_a_token_that_runs_out_soon_is_told_once_and_stops_nothing(
    office: Office, fitness: Fitness, told: list[str]
) -> None:
    """What must be known and can wait is a note: the page may be acted on meanwhile."""
    office.platform.health = Health(ok=True, problems=("Its token expires in 5 days; make a new one.",))
    fitness.check_all()
    fitness.check_all()

    assert fitness.why_not(SLUG) is None
    assert [key.split("-")[0] for key in told] == ["note"]
