"""Millbrook, Connecticut: a made-up town whose page, Slack and mail are real servers on loopback.

>>> with Town(Script.empty(), folder) as town:
...     comment_id = town.say("Plow my street!")
"""

from __future__ import annotations

import contextlib
import random
import string
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.demo.graph import Graph
from bot.demo.mail import PostOffice
from bot.demo.nodes import Links
from bot.demo.page import PublicPage
from bot.demo.rows import minute_of
from bot.demo.script import PAGE, Account, Attachment, Script, ScriptedComment
from bot.demo.slack import Channel, Slack, SlackUser
from bot.demo.wall import Clock, Masthead, Wall, WallComment, WallPost, real_clock

WHOLE_DAY = 24 * 60
CHANNEL_NAME = "page-moderation"
PEOPLE = (
    SlackUser("U0NOOR", "Noor Haddad", "noor.haddad@millbrook.example"),
    SlackUser("U0GENE", "Gene Kowalczyk", "gene.kowalczyk@millbrook.example"),
    SlackUser("U0ZED", "Zed Amara", "zed.amara@millbrook.example"),
)
"""Who is in the town's Slack. Zed is a new colleague, whom people.yaml does not list yet."""
VISITOR = Account("visitor", "Pat Visitor")


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that came true. ``what`` is posted, commented, edited or deleted; ``id`` is the platform's id."""

    minute: int
    what: str
    script_id: str
    id: str


@dataclass(frozen=True, slots=True)
class _Due:
    minute: int
    what: str
    script_id: str


class Town:
    """All servers of the town, from ``start`` to ``stop`` (or as a context manager).

    ``release`` makes the day happen; ``say``, ``edit`` and ``vanish`` let a test write its own. The same ``seed`` gives
    the same ids and tokens. ``wall.journal`` has every write that came over the wire, in order.
    """

    def __init__(
        self,
        script: Script,
        folder: Path,
        *,
        seed: int = 0,
        masthead: Masthead | None = None,
        clock: Clock = real_clock,
    ) -> None:
        secrets = random.Random(f"millbrook/{seed}")  # noqa: S311  (made-up tokens, the same at every start)
        self.script = script
        self.folder = folder
        self.page_token = "EAAK" + _token(secrets, 60)
        self.slack_token = "xoxb-730021-" + _token(secrets, 24)
        self.slack_channel = "C0" + _token(secrets, 9).upper()
        self.slack_app_token = "xapp-1-A0BEADLE-730021-" + _token(secrets, 32)
        self.slack_signing_secret = _token(secrets, 32)
        self.wall = Wall(masthead, seed=seed, clock=clock)
        self._clock = clock
        self._links = Links()
        self.graph = Graph(self.wall, self.page_token, self._links)
        self.page = PublicPage(self.wall)
        self.slack = Slack(
            self.slack_token,
            Channel(self.slack_channel, CHANNEL_NAME),
            clock=clock,
            users=PEOPLE,
            app_token=self.slack_app_token,
            signing_secret=self.slack_signing_secret,
        )
        self.mail = PostOffice(folder / "mail")
        self._ids: dict[str, str] = {}
        self._posts = {post.id: post for post in script.posts}
        self._comments = {comment.id: comment for comment in script.comments}
        self._due = _agenda(script)
        self._opened = False

    # Where things are.

    @property
    def page_id(self) -> str:
        return self.wall.page_id

    @property
    def page_slug(self) -> str:
        return self.wall.masthead.slug

    @property
    def graph_url(self) -> str:
        """The base address, without version and without a slash at its end."""
        return self.graph.listener.url

    @property
    def page_url(self) -> str:
        """The public site's base address; the page itself is ``<page_url>/<page_slug>``."""
        return self.page.listener.url

    @property
    def policy_url(self) -> str:
        """The town's posted notice that comments are moderated and kept."""
        return f"{self.page_url}/{self.page_slug}/comment-policy"

    @property
    def slack_url(self) -> str:
        """The base address as slack_sdk wants it, with ``/api/``."""
        return f"{self.slack.listener.url}/api/"

    @property
    def channel_url(self) -> str:
        """The channel as a page for a browser."""
        return f"{self.slack.listener.url}/channel/{CHANNEL_NAME}"

    @property
    def smtp_url(self) -> str:
        return self.mail.url

    def environment(self, **more: str) -> dict[str, str]:
        """The variables that point Beadle at this town; ``more`` are added."""
        return {
            "BEADLE_SLACK_TOKEN": self.slack_token,
            "BEADLE_SLACK_APP_TOKEN": self.slack_app_token,
            "BEADLE_SLACK_BASE_URL": self.slack_url,
            "BEADLE_SLACK_CHANNEL": self.slack_channel,
            "BEADLE_SMTP_URL": self.smtp_url,
            "MILLBROOK_TOKEN": self.page_token,
            **more,
        }

    # Opening and closing.

    def start(self) -> Self:
        """Start every server and publish the posts of the days before."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)
            for listener in (self.graph.listener, self.page.listener, self.slack.listener):
                listener.start()
            self.mail.start()
            undo.pop_all()
        self._links.graph, self._links.page = self.graph_url, self.page_url
        self._publish_earlier_posts()
        return self

    def stop(self) -> None:
        """Stop every server and leave what was said in Slack in the folder. Stopping twice is harmless."""
        listeners = (self.graph.listener, self.page.listener, self.slack.listener)
        for listener in listeners:
            listener.begin_stop()
        self.mail.stop()
        for listener in listeners:
            listener.stop()
        if self.slack.messages():
            self.slack.write_page(self.folder / "slack.html")
            self.slack.write_json(self.folder / "slack.json")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # The day.

    def release(self, until: int | str = WHOLE_DAY) -> list[Happening]:
        """Make all happen now, in order, that the script has up to ``until`` (minutes since midnight, or "07:30").

        Times on the wire are the real now, whatever the script's clock says. Releasing twice repeats nothing.
        """
        minute = minute_of(until) if isinstance(until, str) else until
        happened = []
        while self._due and self._due[0].minute <= minute:
            happened.append(self._happen(self._due.popleft()))
        return [one for one in happened if one]

    @property
    def next_minute(self) -> int | None:
        """The minute of the next thing that is due; ``None`` at the end of the day."""
        return self._due[0].minute if self._due else None

    def id_of(self, script_id: str) -> str:
        """The platform's id of a scripted post or comment. Raises ``KeyError`` before it is released."""
        return self._ids[script_id]

    def script_id_of(self, platform_id: str) -> str:
        """The script's id of a comment or post on the wire. Raises ``KeyError`` for what no script wrote."""
        return {value: key for key, value in self._ids.items()}[platform_id]

    # What a test writes by itself.

    def publish(self, text: str, *, by: Account | None = None, at: datetime | None = None) -> WallPost:
        """A new post, by the page unless ``by`` says otherwise."""
        return self.wall.publish(text, by=by, at=at)

    def say(
        self,
        text: str,
        *,
        by: Account | str | None = VISITOR,
        post: str | None = None,
        reply_to: str | None = None,
        attachment: Attachment | None = None,
        at: datetime | None = None,
    ) -> str:
        """A new comment, under the newest post unless ``post`` (a platform id) says otherwise; its platform id.

        ``by``: an account, a display name, or ``None`` for the page itself.
        """
        account = Account(f"named {by}", by) if isinstance(by, str) else by
        if post is None:
            post = self.wall.live(reply_to).post_id if reply_to else self.wall.posts()[0].id
        return self.wall.comment(post, text, by=account, reply_to=reply_to, attachment=attachment, at=at).id

    def edit(self, comment_id: str, text: str) -> None:
        """The account changes its comment."""
        self.wall.edit(comment_id, text)

    def vanish(self, comment_id: str) -> None:
        """The account deletes its comment."""
        self.wall.withdraw(comment_id)

    def comment(self, comment_id: str) -> WallComment:
        """The comment as it stands. Raises ``KeyError`` when it is gone."""
        return self.wall.live(comment_id)

    # How the script comes true.

    def _publish_earlier_posts(self) -> None:
        if self._opened:
            return
        self._opened = True
        now = self._clock()
        for post in self.script.posts:
            if post.day < 0:
                at = (now + timedelta(days=post.day)).replace(
                    hour=post.minute // 60, minute=post.minute % 60, second=0, microsecond=0
                )
                self._ids[post.id] = self.wall.publish(post.text, by=self._account(post.by), at=min(at, now)).id

    def _happen(self, due: _Due) -> Happening | None:
        try:
            platform_id = self._come_true(due)
        except KeyError:
            return None  # What it replies to, or changes, is gone: on the platform that can't be said either.
        return Happening(due.minute, due.what, due.script_id, platform_id)

    def _come_true(self, due: _Due) -> str:
        match due.what:
            case "posted":
                post = self._posts[due.script_id]
                self._ids[post.id] = self.wall.publish(post.text, by=self._account(post.by)).id
            case "commented":
                self._ids[due.script_id] = self._comment(self._comments[due.script_id])
            case "edited":
                edit = self._comments[due.script_id].edit
                self.wall.edit(self._ids[due.script_id], edit.text if edit else "")
            case _:
                self.wall.withdraw(self._ids[due.script_id])
        return self._ids[due.script_id]

    def _comment(self, scripted: ScriptedComment) -> str:
        return self.wall.comment(
            self._ids[scripted.post],
            scripted.text,
            by=self._account(scripted.by),
            reply_to=self._ids[scripted.reply_to] if scripted.reply_to else None,
            attachment=scripted.attachment,
        ).id

    def _account(self, key: str) -> Account | None:
        return None if key == PAGE else self.script.accounts[key]


def _agenda(script: Script) -> deque[_Due]:
    """Everything of the day in the order in which it happens; a post comes before what is said under it."""
    due = [_Due(post.minute, "posted", post.id) for post in script.posts if post.day == 0]
    for comment in script.comments:
        due.append(_Due(comment.minute, "commented", comment.id))
        if comment.edit:
            due.append(_Due(comment.edit.minute, "edited", comment.id))
        if comment.deleted_minute is not None:
            due.append(_Due(comment.deleted_minute, "deleted", comment.id))
    return deque(sorted(due, key=lambda one: one.minute))


def _token(source: random.Random, length: int) -> str:
    return "".join(source.choices(string.ascii_letters + string.digits, k=length))
