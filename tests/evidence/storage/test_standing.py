"""How the keeping stands, in sentences: for the digest, the doctor and the command."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.evidence.storage.keeping import Keeping, keeping
from bot.settings import Settings
from tests.evidence.storage.conftest import NOW, Bucket, Seal


@pytest.fixture
def kept(make_archive: Any, bucket: Bucket) -> Keeping:
    """An archive kept as settings that name a bucket say."""
    settings: dict[str, Any] = {
        "replica": f"s3://{bucket.name}/archive",
        "replica_endpoint": bucket.endpoint,
        "replica_key_id": "beadle",
        "replica_key": "secret",
    }
    return keeping(make_archive(clock=lambda: NOW), Settings(**settings), ZoneInfo("UTC"), lambda: NOW)


def test_without_a_bucket_there_is_nothing_to_say_but_in_the_doctor(make_archive: Any) -> None:
    """A note, not a fault: a second copy is the city's choice."""
    alone = keeping(make_archive(), Settings(), ZoneInfo("UTC"), lambda: NOW)

    assert alone.copied() is None
    assert list(alone.problems(NOW)) == []
    assert [each.state for each in alone.examine(NOW)] == ["note"]


def test_what_is_copied_and_what_waits_is_one_sentence(kept: Keeping, bucket: Bucket, seal: Seal) -> None:
    """Before and after, with how long the oldest waits."""
    seal(2)
    assert kept.copying is not None
    target = kept.copying.replica.target
    assert kept.copied() == f"0 of 2 packages lie at {target}; waiting: 2, the oldest since 2026-11-20 11:02 UTC."

    kept.copying.tick(NOW)

    assert kept.copied() == f"2 of 2 packages lie at {target}."
    assert bucket.name in target


def test_a_copy_that_is_a_day_behind_is_a_problem(kept: Keeping, seal: Seal) -> None:
    """An hour is not: the store may be away for a while."""
    seal(1)

    assert list(kept.problems(NOW + timedelta(hours=1))) == []
    (problem,) = kept.problems(NOW + timedelta(hours=25))
    assert "more than a day behind" in problem


def test_an_open_incident_is_a_problem_until_it_is_cleared(kept: Keeping, seal: Seal) -> None:
    """And what is left out of the copy because of it is named, too."""
    (package_id,) = seal(1)
    next(kept.archive.root.rglob(f"{package_id}.zip")).unlink()
    assert kept.copying is not None
    kept.copying.tick(NOW)

    (problem,) = kept.problems(NOW)
    assert "incident list" in problem
    assert "left out: 1 " in (kept.copied() or "")
    kept.incidents.clear(kept.incidents.open()[0].number, "jlee", "records_custodian", "lost for good")
    assert list(kept.problems(NOW)) == []


def test_a_broken_log_is_the_problem(kept: Keeping, seal: Seal) -> None:
    """Nothing else can be said then, and nothing raises."""
    seal(2)
    log = kept.archive.root / "log" / "entries.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"seq":1', b'"seq":7'))

    (problem,) = kept.problems(NOW)
    assert "broken" in problem
    assert "broken" in (kept.copied() or "")
