"""A raid during which the daemon is killed again and again, and what must be true of it afterwards."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

from bot.ledger import hands
from bot.ledger.tables import AlertRow, CaseStatus
from tests.journeys.world import World

AT_WORK = "on duty"
LONGEST_START_S, LONGEST_IDLE_S, LONGEST_LIFE_S = 4.0, 30.0, 0.8


def raid(world: World, kills: int, violators: int, chance: random.Random) -> None:
    """Let a raid happen while the daemon is killed again and again; then look at everything."""
    said = [f"This is bullshit, Dana, number {number}." for number in range(violators)]
    bad: list[str] = []
    good = [world.town.say(f"I don't agree with the mayor, {number} times over.") for number in range(violators)]
    orphans: list[int] = []
    hits = 0
    for kill in range(kills):
        while said and len(bad) <= violators * (kill + 1) / (kills * 0.5):
            bad.append(world.town.say(said.pop(0)))
        let_live(world, chance, bad)
        left, in_the_middle = kill_unless_it_would_convict(world)
        orphans += left
        hits += in_the_middle
    bad += [world.town.say(text) for text in said]

    assert hits >= kills // 5, "too few kills met work in hand to prove anything"

    world.start()
    world.until_settled()
    assert world.stop() == 0

    standing = Counter(world.status(each) for each in bad)
    assert standing == {CaseStatus.HIDDEN: violators}, f"{standing} {world.last_words()}"
    assert world.witness.unproven == []
    for each in bad:
        assert_done_once(world, each)
    assert not any(world.town.comment(each).hidden for each in good)
    assert all(world.is_kept(each) for each in good)
    assert world.outbox.under_way() == 0
    assert world.beadle("verify", "--all").status == 0
    world.until(lambda: not any(map(is_alive, orphans)), "no browser outlives its daemon")


def let_live(world: World, chance: random.Random, bad: list[str]) -> None:
    """Start the daemon, and let some time pass: of one life in four from its first moment on, of the others from when
    it has a case in hand, however long a busy machine takes until then."""
    times = world.events().count(AT_WORK)
    world.start()
    if chance.random() < 0.25:
        time.sleep(chance.uniform(0.05, LONGEST_START_S))
        return
    world.until(lambda: world.events().count(AT_WORK) > times, "the daemon is at work")
    idle_until = time.monotonic() + LONGEST_IDLE_S
    while not world.charged(0) and time.monotonic() < idle_until and not is_done(world, bad):
        time.sleep(0.02)
    time.sleep(chance.uniform(0.0, LONGEST_LIFE_S))


def is_done(world: World, bad: list[str]) -> bool:
    """Whether nothing is left to be hidden."""
    return {world.status(each) for each in bad} == {CaseStatus.HIDDEN}


def kill_unless_it_would_convict(world: World) -> tuple[list[int], bool]:
    """SIGKILL; the processes that the daemon leaves behind, and whether it had work in hand.

    A case that was in hand at four crashes is quarantined, guilty or not: that is another journey (``test_poison``).
    So a daemon that has a case in hand for the fourth time is let live until that case is done.
    """
    while True:
        with world.held():
            if not world.charged(hands.QUARANTINE - 1):
                left, in_the_middle = world.children(), world.charged(0)
                world.kill()
                return left, in_the_middle
        world.until(lambda: not world.charged(hands.QUARANTINE - 1), "a suspect got done")


def assert_done_once(world: World, comment_id: str) -> None:
    """One act with effect, recorded once, after its evidence; one strike; told of in one place."""
    case = world.case(comment_id)
    assert case.status == CaseStatus.HIDDEN, case.because
    assert len(world.cases(comment_id)) == 1
    assert [write.verb for write in world.writes(comment_id) if write.had_effect] == ["hide"]
    assert world.witness.unproven == []
    assert world.acts(comment_id) == ["hide"]
    assert world.strikes(comment_id) == ["provisional"]
    (told,) = [row for row in world.rows(AlertRow) if row.case_id == case.case_id]
    assert len(world.alerts(case.case_id)) == (1 if told.gathering is None else 0)


def is_alive(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
