"""The same claims as on the wire, asked of a real WordPress. Takes a minute, so only with ``make long``.

It runs where ``BEADLE_TEST_WORDPRESS_URL``, ``_USER`` and ``_PASSWORD`` name an empty site for tests (an editor's
application password), else on one that is made of Debian's packages for the occasion.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

import connectors
from connectors._values import a_guest
from connectors.connection import Connection
from connectors.contract import AuthFailed, CommentRef, Visibility
from tests.connectors.asking import comments_of, swept
from tests.connectors.real.debian_wordpress import NotToBeHad, Site, running

pytestmark = pytest.mark.long

RESIDENT = {"author_ip": "203.0.113.9", "author_user_agent": "Mozilla/5.0 (a resident)"}
NAMES = ("BEADLE_TEST_WORDPRESS_URL", "BEADLE_TEST_WORDPRESS_USER", "BEADLE_TEST_WORDPRESS_PASSWORD")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The site that the environment names, or one of our own."""
    given = [os.environ.get(name, "") for name in NAMES]
    if all(given):
        yield Site(*given)
        return
    folder = Path(tempfile.mkdtemp(prefix="wp"))
    try:
        with running(folder) as made:
            yield made
    except NotToBeHad as reason:
        pytest.skip(f"There is no WordPress here: {reason}. Name one in {', '.join(NAMES)}.")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Visitors:
    """Puts posts and comments on the site, as an editor's account can."""

    def __init__(self, site: Site) -> None:
        self._client = httpx.Client(
            base_url=f"{site.url}/wp-json/wp/v2", auth=(site.user, site.password), trust_env=False, timeout=30
        )

    def publish(self, title: str, kind: str = "posts") -> int:
        """A post or page of the city's."""
        return int(
            self._post(f"/{kind}", title=title, content="We plow.", status="publish", comment_status="open")["id"]
        )

    def say(self, post: int, text: str, **more: Any) -> int:
        """A guest's comment."""
        guest = {"author_name": "Ann & Bob", "author_email": "Ann@x.example", **RESIDENT}
        return int(self._post("/comments", post=post, content=text, status="approve", **{**guest, **more})["id"])

    def vanish(self, number: int) -> None:
        """Deleted for good."""
        self._client.delete(f"/comments/{number}", params={"force": "true"}).raise_for_status()

    def _post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self._client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


@pytest.fixture(scope="module")
def visitors(site: Site) -> Visitors:
    """What happens on the site."""
    return Visitors(site)


def connected(site: Site, **more: Any) -> Connection:
    """A connection whose pages are small enough to need many."""
    token = json.dumps({"user": site.user, "password": site.password})
    wanted: dict[str, Any] = {
        "page_id": "cityblog",
        "token": token,
        "base_url": site.url,
        "page_size": 3,
        "timeout": 30,
    }
    return connectors.connect("wordpress", **{**wanted, **more})


@pytest.fixture
def blog(site: Site) -> Iterator[Connection]:
    """A connection to the site."""
    made = connected(site)
    yield made
    made.close()


def ref(number: int) -> CommentRef:
    """A comment of the site."""
    return CommentRef("wordpress", "cityblog", str(number))


def test_everything_arrives_once_also_within_one_second(visitors: Visitors, blog: Connection) -> None:
    """Pages of three, eight comments of one second, an answer, and a comment on a page of the site."""
    post, page = visitors.publish("Snow & ice"), visitors.publish("Contact", "pages")
    at = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    numbers = [visitors.say(post, f"words {n}", date_gmt=at) for n in range(8)]
    answer = visitors.say(post, "an answer", parent=numbers[0])
    numbers += [answer, visitors.say(page, "on a page")]

    batches = swept(blog)

    arrived = [int(each.ref.comment_id) for each in comments_of(batches)]
    assert len(arrived) == len(set(arrived))
    assert set(arrived) >= set(numbers)
    parents = {int(each.ref.comment_id): each.parent_id for each in comments_of(batches)}
    assert parents[answer] == str(numbers[0])
    posts = {each.post_id: each for batch in batches for each in batch.posts}
    assert posts[str(post)].text.startswith("Snow & ice")
    assert posts[str(post)].comment_count == 9
    assert str(page) in posts
    assert batches[-1].every_post


def test_the_time_that_is_asked_for_is_understood_in_the_sites_own_zone(visitors: Visitors, blog: Connection) -> None:
    """The site runs hours behind: a poll two hours after the last one brings what was said meanwhile."""
    post = visitors.publish("Zones")
    cursor = swept(blog)[-1].cursor
    number = visitors.say(post, "just now")

    second = swept(blog, cursor)

    assert str(number) in {each.ref.comment_id for each in comments_of(second)}
    (comment,) = [each for each in comments_of(second) if each.ref == ref(number)]
    assert abs(datetime.now(UTC) - comment.posted_at) < timedelta(minutes=2)


def test_a_hold_keeps_who_it_was_and_what_was_said(visitors: Visitors, blog: Connection) -> None:
    """A status change alone would put our address and agent in their place; words with a ``&`` stay the same words."""
    number = visitors.say(visitors.publish("Held"), "snow & <b>ice</b>")
    assert blog.hider
    before = blog.connector.read(ref(number)).comment

    first, second = blog.hider.hide(ref(number)), blog.hider.hide(ref(number))
    held = blog.connector.read(ref(number)).comment
    blog.hider.unhide(ref(number))
    after = blog.connector.read(ref(number)).comment

    assert (first.already_done, second.already_done) == (False, True)
    assert before is not None
    assert held is not None
    assert after is not None
    assert (before.visibility, held.visibility) == (Visibility.VISIBLE, Visibility.HIDDEN_BY_CITY)
    assert after == before
    assert before.revision == held.revision == after.revision
    assert before.author.author_id == a_guest("ann@x.example")
    assert before.author.display_name == "Ann & Bob"
    for each in (before, held, after):
        assert {key: each.raw[key] for key in RESIDENT} == RESIDENT


def test_a_hold_takes_the_comment_from_the_public(site: Site, visitors: Visitors, blog: Connection) -> None:
    """Asked without any password."""
    number = visitors.say(visitors.publish("Public"), "seen by all")
    public = f"{site.url}/wp-json/wp/v2/comments/{number}"
    assert blog.hider
    assert httpx.get(public, trust_env=False, timeout=30).status_code == 200

    blog.hider.hide(ref(number))

    assert httpx.get(public, trust_env=False, timeout=30).status_code == 401


@pytest.mark.parametrize("way", ["trash", "spam"])
def test_both_ways_to_remove_can_be_taken_back(visitors: Visitors, blog: Connection, way: str) -> None:
    """Out of sight once, and back."""
    number = visitors.say(visitors.publish(f"For {way}"), f"for {way}")
    assert blog.remover
    assert blog.hider

    first, second = blog.remover.remove(ref(number), way), blog.remover.remove(ref(number), way)
    gone = blog.connector.read(ref(number)).comment
    blog.hider.unhide(ref(number))
    back = blog.connector.read(ref(number)).comment

    assert (first.already_done, second.already_done) == (False, True)
    assert gone is not None
    assert gone.visibility is not Visibility.VISIBLE
    assert back is not None
    assert back.visibility is Visibility.VISIBLE
    assert {key: back.raw[key] for key in RESIDENT} == RESIDENT


def test_what_is_trashed_on_the_site_is_told_as_such(visitors: Visitors, blog: Connection) -> None:
    """Not as missing for reasons unknown."""
    number = visitors.say(visitors.publish("Trashed"), "trashed by a clerk")
    assert blog.remover
    blog.remover.remove(ref(number), "trash")

    found = {each.ref: each.visibility for each in comments_of(swept(blog))}

    assert found[ref(number)] is Visibility.DELETED_BY_CITY


def test_what_is_deleted_for_good_is_gone(visitors: Visitors, blog: Connection) -> None:
    """A reading without a comment."""
    number = visitors.say(visitors.publish("Gone"), "gone soon")
    visitors.vanish(number)

    assert blog.connector.read(ref(number)).comment is None


def test_the_editors_account_is_healthy(visitors: Visitors, blog: Connection) -> None:
    """Rights, fields and clock."""
    visitors.say(visitors.publish("Healthy"), "hello there")

    health = blog.connector.check()

    assert health.ok, health.problems
    assert "moderate_comments" in health.scopes


def test_a_wrong_password_is_told(site: Site) -> None:
    """WordPress treats the caller as nobody."""
    made = connected(site, token=json.dumps({"user": site.user, "password": "wrong wrong wrong"}))

    with pytest.raises(AuthFailed):
        swept(made)

    assert not made.connector.check().ok
    made.close()


def test_a_site_with_plain_permalinks_is_read_too(site: Site, visitors: Visitors) -> None:
    """``/?rest_route=`` instead of ``/wp-json``."""
    number = visitors.say(visitors.publish("Plain"), "plain permalinks")
    made = connected(site, options={"rest_route": "yes"})

    arrived = {each.ref for each in comments_of(swept(made))}

    assert ref(number) in arrived
    made.close()
