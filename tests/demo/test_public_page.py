from __future__ import annotations

import re
from html.parser import HTMLParser

import httpx
import pytest

from bot.demo.page import MOST_THREADS, PageMode
from bot.demo.script import Account, Attachment
from bot.demo.town import Town


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Elements()
    parser.feed(html)
    return parser.found


def comment_ids(html: str) -> list[str | None]:
    return [attributes["data-comment-id"] for _, attributes in elements(html) if "data-comment-id" in attributes]


def permalink(graph: httpx.Client, comment: str) -> str:
    return str(graph.get(f"/{comment}", params={"fields": "permalink_url"}).json()["permalink_url"])


def test_the_graphs_permalink_leads_to_the_comment(town: Town, graph: httpx.Client, web: httpx.Client) -> None:
    """The linked thread stands first and the linked reply is marked."""
    earlier = town.say("something else")
    top = town.say("first")
    reply = town.say("the one", reply_to=top)

    page = web.get(permalink(graph, reply))

    assert page.status_code == 200
    assert comment_ids(page.text) == [top, reply, earlier]
    marked = [at["data-comment-id"] for _, at in elements(page.text) if "wanted" in (at.get("class") or "")]
    assert marked == [reply]


def test_hidden_and_deleted_comments_are_not_there(town: Town, visitor: httpx.Client) -> None:
    """What the town hid no visitor sees, nor the replies to it."""
    hidden, deleted, kept = town.say("hidden words"), town.say("deleted words"), town.say("kept words")
    town.say("answer to hidden", reply_to=hidden)
    town.wall.set_hidden(hidden, True)
    town.vanish(deleted)

    html = visitor.get(f"/{town.page_slug}").text

    assert comment_ids(html) == [kept]
    assert "1 comment<" in html
    assert not re.search("hidden words|deleted words|answer to hidden", html)


def test_a_comment_that_is_shown_again_is_back(town: Town, visitor: httpx.Client) -> None:
    """Unhiding undoes hiding."""
    comment = town.say("words")
    town.wall.set_hidden(comment, True)
    town.wall.set_hidden(comment, False)

    assert comment_ids(visitor.get(f"/{town.page_slug}").text) == [comment]


def test_hostile_words_and_names_stay_words(town: Town, visitor: httpx.Client) -> None:
    """Tags, attributes, control characters and lone surrogates reach the page as text or not at all."""
    town.say("<script>alert(1)</script>\"' onload=x \x00\x1b[31m\ud83d", by='<img src=x onerror="alert(1)">')
    town.say("look", attachment=Attachment("link", "</span><script>x</script>", "javascript:alert(1)"))

    page = visitor.get(f"/{town.page_slug}")

    assert page.status_code == 200
    assert not [tag for tag, at in elements(page.text) if tag == "script" or any(key.startswith("on") for key in at)]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "javascript:" not in page.text
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", page.text)


def test_the_page_loads_nothing_from_elsewhere(town: Town, visitor: httpx.Client) -> None:
    """No address outside the page's own server, and a policy that forbids any."""
    town.say("look", attachment=Attachment("photo", "Mill Lane", "https://tracker.example/pixel.png"))

    page = visitor.get(f"/{town.page_slug}")

    addresses = [at.get("src") or at.get("href") for tag, at in elements(page.text) if tag in ("img", "link", "a")]
    assert addresses
    assert all(address and address.startswith("/") for address in addresses)
    assert "url(http" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_picture_is_a_real_picture(town: Town, visitor: httpx.Client) -> None:
    """A PNG, the same for the same comment."""
    first, again, other = (visitor.get(f"/media/{number}.png") for number in ("1", "1", "2"))

    assert first.headers["content-type"] == "image/png"
    assert first.content.startswith(b"\x89PNG\r\n\x1a\n")
    assert first.content == again.content != other.content


def test_a_visitor_sees_the_name_that_the_graph_keeps_to_itself(town: Town, visitor: httpx.Client) -> None:
    """An absent `from` is a matter of the token, not of the page."""
    town.say("hello", by=Account("x", "Shy Person", anonymous=True))

    assert "Shy Person" in visitor.get(f"/{town.page_slug}").text


def test_a_login_wall_shows_no_comment(town: Town, visitor: httpx.Client) -> None:
    """It answers 200, as real ones do, with nothing of the post in it; the policy stays readable."""
    town.say("hello")
    town.page.mode = PageMode.LOGIN_WALL

    page = visitor.get(f"/{town.page_slug}/posts/{town.wall.posts()[0].number}")

    assert page.status_code == 200
    assert "data-login-wall" in page.text
    assert comment_ids(page.text) == []
    assert visitor.get(f"/{town.page_slug}/comment-policy").status_code == 200


def test_a_hanging_page_ends_with_the_schedule(town: Town, visitor: httpx.Client) -> None:
    """Nothing comes until the fault is cleared."""
    town.page.hang()
    with pytest.raises(httpx.ReadTimeout):
        visitor.get(f"/{town.page_slug}", timeout=0.05)

    town.page.faults.clear()

    assert visitor.get(f"/{town.page_slug}").status_code == 200


@pytest.mark.parametrize("path", ["/elsewhere", "/townofmillbrook/posts/1", "/elsewhere/comment-policy"])
def test_what_is_not_there_is_404(visitor: httpx.Client, path: str) -> None:
    """Another page, another post."""
    assert visitor.get(path).status_code == 404


def test_a_crowded_post_shows_its_newest_threads_and_the_linked_one(
    town: Town, graph: httpx.Client, web: httpx.Client
) -> None:
    """However old the linked comment is, it is on the page, and what is left out is counted."""
    said = [town.say(str(number)) for number in range(MOST_THREADS + 5)]

    html = web.get(permalink(graph, said[0])).text

    assert comment_ids(html) == [said[0], *said[5:]]
    assert "4 earlier comments not shown" in html


def test_the_policy_page_says_that_comments_are_moderated_and_kept(town: Town, web: httpx.Client) -> None:
    """The town's posted notice, which a preflight looks for."""
    page = web.get(town.policy_url)

    assert page.status_code == 200
    assert "public records" in page.text
    assert "limited public forum" in page.text
