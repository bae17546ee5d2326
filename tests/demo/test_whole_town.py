from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bot.demo.script import Account, Edit, Script, ScriptedComment, ScriptedPost
from bot.demo.town import Happening, Town

ANN = Account("ann", "Ann Roe")


def comment(name: str, minute: int, text: str = "hello", **more: object) -> ScriptedComment:
    return ScriptedComment(id=name, minute=minute, post="snow", by="ann", text=text, **more)  # type: ignore[arg-type]


def script(*comments: ScriptedComment) -> Script:
    posts = (ScriptedPost("snow", "Snow", day=-2, minute=900), ScriptedPost("budget", "Budget", day=0, minute=450))
    return Script({"ann": ANN}, posts, comments)


def happened(rows: list[Happening]) -> list[tuple[int, str, str]]:
    return [(row.minute, row.what, row.script_id) for row in rows]


def test_the_day_happens_in_its_order_and_only_once(tmp_path: Path) -> None:
    """Posts, comments, edits and deletions come up to the minute that is asked for."""
    day = script(comment("b", 460, deleted_minute=500), comment("a", 440, edit=Edit(455, "better")))
    with Town(day, tmp_path) as town:
        assert [post.text for post in town.wall.posts()] == ["Snow"]

        assert happened(town.release("07:35")) == [
            (440, "commented", "a"),
            (450, "posted", "budget"),
            (455, "edited", "a"),
        ]
        assert town.comment(town.id_of("a")).text == "better"
        assert town.release(455) == []
        assert town.next_minute == 460

        assert happened(town.release()) == [(460, "commented", "b"), (500, "deleted", "b")]
        assert town.next_minute is None
        with pytest.raises(KeyError):
            town.comment(town.id_of("b"))


def test_what_happens_carries_the_real_time(tmp_path: Path) -> None:
    """Whatever the script's clock says, the wire says now; posts of the days before keep their hour."""
    now = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    with Town(script(comment("a", 440)), tmp_path, clock=lambda: now) as town:
        town.release()

        assert town.comment(town.id_of("a")).created_at == now
        assert town.wall.post(town.id_of("snow")).created_at == datetime(2026, 11, 18, 15, 0, tzinfo=UTC)


def test_a_script_id_is_found_by_the_platforms_id(tmp_path: Path) -> None:
    """Who plays the day compares what was hidden with what was expected."""
    with Town(script(comment("a", 440)), tmp_path) as town:
        with pytest.raises(KeyError):
            town.id_of("a")
        town.release()

        assert town.script_id_of(town.id_of("a")) == "a"


def test_a_reply_to_what_was_deleted_is_never_said(tmp_path: Path) -> None:
    """The city removed the thread before the answer came; the day goes on."""
    day = script(comment("a", 440), comment("b", 460, reply_to="a", edit=Edit(470, "x")), comment("c", 480))
    with Town(day, tmp_path) as town:
        town.release(450)
        town.wall.delete(town.id_of("a"))

        assert happened(town.release()) == [(480, "commented", "c")]


def test_the_same_seed_gives_the_same_town(tmp_path: Path) -> None:
    """Ids, tokens and accounts; another seed gives another town."""
    towns = [Town(script(comment("a", 440)), tmp_path, seed=seed) for seed in (1, 1, 2)]

    def facts(town: Town) -> tuple[str, ...]:
        with town:
            town.release()
            author = town.comment(town.id_of("a")).by
            return (town.page_id, town.page_token, town.slack_token, town.slack_channel, town.id_of("a"),
                    (author and author.id) or "")  # fmt: skip

    first, same, other = map(facts, towns)

    assert first == same
    assert not set(first) & set(other)


def test_the_environment_points_beadle_at_the_town(town: Town) -> None:
    """Exactly the variables that the town decides, and what is added."""
    environment = town.environment(BEADLE_ARCHIVE="/var/beadle")

    assert environment == {
        "BEADLE_SLACK_TOKEN": town.slack_token,
        "BEADLE_SLACK_APP_TOKEN": town.slack_app_token,
        "BEADLE_SLACK_BASE_URL": town.slack_url,
        "BEADLE_SLACK_CHANNEL": town.slack_channel,
        "BEADLE_SMTP_URL": town.smtp_url,
        "MILLBROOK_TOKEN": town.page_token,
        "BEADLE_ARCHIVE": "/var/beadle",
    }
    assert all(":0" not in url for url in (town.graph_url, town.page_url, town.slack_url, town.smtp_url))


def test_stopping_ends_every_thread_also_when_something_hangs(tmp_path: Path, web: httpx.Client) -> None:
    """A hanging page doesn't keep the town open, and a second stop is harmless."""
    before = set(threading.enumerate())
    town = Town(Script.empty(), tmp_path).start()
    town.page.hang()
    with pytest.raises(httpx.ReadTimeout):
        web.get(f"{town.page_url}/{town.page_slug}", timeout=0.05)

    town.stop()
    town.stop()

    left = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("millbrook")]
    assert left == []


def test_what_was_said_in_slack_is_left_in_the_folder(tmp_path: Path, web: httpx.Client) -> None:
    """A page and the raw messages, once the town is closed."""
    with Town(Script.empty(), tmp_path / "town") as town:
        form = {"token": town.slack_token, "channel": town.slack_channel, "text": "hello clerk"}
        web.post(town.slack_url + "chat.postMessage", data=form)

    assert "hello clerk" in (tmp_path / "town" / "slack.html").read_text("utf-8")
    assert "hello clerk" in (tmp_path / "town" / "slack.json").read_text("utf-8")


def test_ten_thousand_comments_can_be_swept_to_the_end(tmp_path: Path, web: httpx.Client) -> None:
    """Every one comes, once, in pages of one hundred."""
    with Town(Script.empty(), tmp_path) as town:
        start = datetime.now(UTC) - timedelta(hours=1)
        said = [town.say(str(n), by=ANN, at=start + timedelta(milliseconds=n)) for n in range(10_000)]
        post = town.wall.posts()[0].id
        query = f"access_token={town.page_token}&filter=stream&order=reverse_chronological&limit=100&fields=id"
        url, seen = f"{town.graph_url}/v26.0/{post}/comments?{query}", []
        while url:
            page = web.get(url).json()
            seen += [row["id"] for row in page["data"]]
            url = page["paging"].get("next", "")

    assert seen == said[::-1]


def test_comments_may_come_while_the_page_is_read(town: Town, web: httpx.Client) -> None:
    """Writers and readers at the same time: every sweep has all that was there when it began."""
    post = town.wall.posts()[0].id
    writers = [threading.Thread(target=lambda: [town.say("x") for _ in range(50)]) for _ in range(3)]
    for writer in writers:
        writer.start()
    url = f"{town.graph_url}/v26.0/{post}/comments?access_token={town.page_token}&limit=100&fields=id"
    sizes = [len(web.get(url).json()["data"]) for _ in range(10)]
    for writer in writers:
        writer.join()

    assert sizes == sorted(sizes)
    assert town.wall.count(post) == 150
    assert len({one.id for one in town.wall.walk(post, newest_first=True)}) == 150
