"""Nothing that acts by rule can block: it has no hand to do it with, and a whole day of violations blocks nobody."""

from __future__ import annotations

import gc
import types
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import connectors
from bot.desk import Desk
from bot.desks import Minds, open_desk, with_kin
from bot.offenders.barring import Barring
from bot.offenders.ladder import Ladder
from bot.offenders.watching import Offenders
from bot.pages import Mode, Page, Signature
from bot.tokens import Token
from connectors.connection import Connection
from tests.offenders.hall import Hall
from tests.office import PAGE_ID, SIGNATURE, SLUG

_HAND = ("block", "unblock", "blocked")
_NO_FURTHER = (type, types.ModuleType, types.CodeType, str, bytes, int, float, sa.Engine, sa.MetaData)


def _reachable(root: object) -> Iterator[object]:
    """Everything that can be come to from an object: fields, closures, what a method is bound to, what a list holds."""
    seen: dict[int, object] = {}
    waiting = [root]
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, _NO_FURTHER):
            continue
        seen[id(thing)] = thing
        yield thing
        if isinstance(thing, types.FunctionType):
            # Not its globals: what a module holds is no authority that was handed over.
            waiting += [cell.cell_contents for cell in thing.__closure__ or () if _is_filled(cell)]
            waiting += [*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
        else:
            waiting += gc.get_referents(thing)


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _hands(root: object) -> list[object]:
    """What could keep an account away."""
    return [each for each in _reachable(root) if all(callable(getattr(type(each), name, None)) for name in _HAND)]


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    """A real connection to a page of a platform that can block; nothing is sent."""
    made = connectors.connect("facebook", page_id=PAGE_ID, token='{"token": "t"}', base_url="http://127.0.0.1:1")
    yield made
    made.close()


def _quiet(hall: Hall) -> Offenders:
    """What watches the strikes, without the ears of the test: these know the doorman."""
    return replace(hall.offenders, tell=lambda *_: None)


def _desk(connection: Connection) -> Desk:
    page = Page(SLUG, "Town", "facebook", PAGE_ID, "clinton-city", Token("env", "NONE"), Mode.ENFORCE)
    return open_desk(page, connection, Minds(lambda _: None, lambda *_: frozenset()))


def test_the_search_finds_a_hand_wherever_it_is_held(connection: Connection, hall: Hall) -> None:
    """In a field, a closure, a bound method, a list: a search that finds nothing proves nothing."""
    blocker = connection.blocker
    assert blocker is not None
    for held in (connection, Barring(_quiet(hall), {SLUG: blocker}), lambda: blocker, blocker.block, [(blocker,)]):
        assert _hands(held) == [blocker]


def test_nothing_that_can_be_reached_from_the_route_or_a_desk_can_block(connection: Connection, hall: Hall) -> None:
    """A desk over a real connection, in the real route, with everything that acts by rule or answers for people."""
    office = hall.office
    office.route = replace(office.route, desks={SLUG: _desk(connection)})

    for root in (office.route, office.review, office.carrying_out, office.lapse, _quiet(hall), Ladder(_quiet(hall))):
        assert _hands(root) == []


def test_a_day_of_violations_by_one_account_blocks_nobody(hall: Hall) -> None:
    """Everything signed, everything enforced, five violations, every order worked off: hides, a proposal, no block."""
    categories = frozenset({"profanity", "pii", "spam", "sexual", "threat"})
    hall.office.rearrange(auto_hide=Signature(categories, SIGNATURE.signed_by, SIGNATURE.signed_on))
    for number in range(5):
        hall.violate(number)
        hall.see_to()
    hall.reconciling.see_to(hall.office.clock())
    hall.office.work_later()

    assert hall.office.writes() == ["hide"] * 5
    assert (hall.doorman.asked, hall.blocks()) == ([], [])
    assert [each.total for each in hall.proposals()] == [5]
    assert [name for name in hall.office.pad.seen if name.startswith("bar:")] == []


def test_every_account_of_the_city_on_a_platform_is_kin_to_each_of_its_pages() -> None:
    """Another page, its staff and its bots are the city's own on this page too; another platform's ids are nobody's."""
    page = Page(SLUG, "Town", "x", "10", "clinton-city", Token("env", "NONE"), staff=frozenset({"11"}))
    library = replace(page, slug="library", page_id="20", staff=frozenset({"21"}))
    elsewhere = replace(page, slug="fb", platform="facebook", page_id="30", staff=frozenset({"31"}))

    kin = with_kin(page, (page, library, elsewhere))

    assert [kin.is_own(each) for each in ("10", "11", "20", "21", "30", "31", None)] == [True] * 4 + [False] * 3


def test_the_word_of_the_design_stands_in_the_code(tmp_path: Path) -> None:
    """One room names a Blocker besides the composition root: whoever adds another has to come by here."""
    bot = Path(__file__).resolve().parents[2] / "bot"
    naming = {str(path.relative_to(bot)) for path in bot.rglob("*.py") if _imports_blocker(path)}

    assert naming <= {"app.py", "opening.py", "offenders/barring.py", "offenders/reconciling.py"}
    assert "offenders/barring.py" in naming


def _imports_blocker(path: Path) -> bool:
    lines = path.read_text("utf-8").splitlines()
    return any("Blocker" in line and ("import" in line or line.strip() == "Blocker,") for line in lines)
