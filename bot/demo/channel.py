"""A channel, a modal or a home tab as a web page: Block Kit as a person sees it, every text escaped on its way.

Slack decodes ``&lt; &gt; &amp;`` and gives meaning to ``<...>``, so a text that its sender forgot to escape shows here
as the mention or link that it would become.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

Json = dict[str, Any]
EMOJI = {
    "bell": "🔔",
    "classical_building": "🏛️",
    "eyes": "👀",
    "hourglass": "⌛",
    "information_source": "ℹ️",
    "large_green_circle": "🟢",
    "large_yellow_circle": "🟡",
    "link": "🔗",
    "lock": "🔒",
    "mag": "🔍",
    "memo": "📝",
    "no_entry": "⛔",
    "page_facing_up": "📄",
    "red_circle": "🔴",
    "repeat": "🔁",
    "rotating_light": "🚨",
    "scroll": "📜",
    "see_no_evil": "🙈",
    "shield": "🛡️",
    "speech_balloon": "💬",
    "warning": "⚠️",
    "white_check_mark": "✅",
    "x": "❌",
}
PICTURE_TYPES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}
_TEMPLATES = Environment(loader=PackageLoader("bot.demo"), autoescape=True)
_WEB = re.compile(r"https?://|mailto:", re.IGNORECASE)
_SPECIAL = re.compile(r"<([^<>]+)>")
_STYLES = (
    (re.compile(r"(?<![\w*])\*(?!\s)([^*\n]+?)(?<!\s)\*(?![\w*])"), "strong"),
    (re.compile(r"(?<![\w_])_(?!\s)([^_\n]+?)(?<!\s)_(?![\w_])"), "em"),
    (re.compile(r"(?<![\w~])~(?!\s)([^~\n]+?)(?<!\s)~(?![\w~])"), "s"),
)


@dataclass(frozen=True, slots=True)
class ChannelView:
    """What the page needs besides the messages: names, and the bytes of shared pictures by file id."""

    name: str
    purpose: str
    team: str
    pictures: Mapping[str, bytes]
    people: Mapping[str, str]


def channel_page(view: ChannelView, messages: Sequence[Json]) -> str:
    """The whole channel, oldest first, replies under what they answer."""
    tops = [one for one in messages if one.get("thread_ts", one["ts"]) == one["ts"]]
    threads = [(top, [one for one in messages if one.get("thread_ts") == top["ts"] and one is not top]) for top in tops]
    template = _TEMPLATES.get_template("channel.html.j2")
    return template.render(view=view, threads=threads, draw=_Drawing(view))


def surface_page(view: ChannelView, surface: Json | None, complaints: Mapping[str, str] | None = None) -> str:
    """A modal or a home tab, as it stands in Slack; ``None`` is a home tab that nothing was published to.

    ``complaints``: what stands next to inputs, by block id, after the app has refused what was filled in.
    """
    template = _TEMPLATES.get_template("surface.html.j2")
    state = ((surface or {}).get("state") or {}).get("values") or {}
    return template.render(view=view, surface=surface, draw=_Drawing(view, state, complaints or {}))


class _Drawing:
    """What the template calls to turn pieces of Block Kit into HTML."""

    def __init__(
        self, view: ChannelView, state: Mapping[str, Any] | None = None, complaints: Mapping[str, str] | None = None
    ) -> None:
        self._view = view
        self._state = state or {}
        self._complaints = complaints or {}

    def time(self, message: Json) -> str:
        return _moment(message["ts"]).strftime("%H:%M")

    def day(self, message: Json) -> str:
        return _moment(message["ts"]).strftime("%A, %B %-d")

    def author(self, message: Json) -> str:
        return self.person(message.get("user", "")) or "Beadle"

    def person(self, user_id: str) -> str:
        return self._view.people.get(user_id, user_id)

    def words(self, one: Json | None) -> str:
        """A text object as bare words, for a label or a title."""
        return _emoji(one["text"]) if one else ""

    def text(self, one: Json | None) -> Markup:
        """A text object: plain words, or Slack's markup."""
        if not one:
            return Markup()
        return self.mrkdwn(one["text"]) if one["type"] == "mrkdwn" else _breaks(_emoji(one["text"]))

    def mrkdwn(self, text: str) -> Markup:
        """Slack's markup as HTML. Only what this method writes itself is a tag."""
        kept: list[Markup] = []

        def keep(piece: Markup) -> str:
            kept.append(piece)
            return f"\x00{len(kept) - 1}\x00"

        text = text.replace("\x00", "")
        text = re.sub(r"```(.+?)```", lambda m: keep(_wrap("pre", _plain(m[1].strip("\n")))), text, flags=re.S)
        text = re.sub(r"`([^`\n]+)`", lambda m: keep(_wrap("code", _plain(m[1]))), text)
        text = _SPECIAL.sub(lambda m: keep(self._special(m[1])), text)
        html = _quotes(_styled(str(_plain(_emoji(text)))))
        # A kept piece may itself stand inside another, so the last kept is put back first.
        for number in range(len(kept) - 1, -1, -1):
            html = html.replace(f"\x00{number}\x00", str(kept[number]))
        return Markup(html)  # noqa: S704  (escaped piece by piece above)

    def rich(self, part: Json) -> Markup:
        """One element of a rich_text block."""
        tags = {"rich_text_quote": "blockquote", "rich_text_preformatted": "pre", "rich_text_section": "p"}
        if part["type"] == "rich_text_list":
            items = Markup().join(_wrap("li", self._leaves(item["elements"])) for item in part["elements"])
            return _wrap("ol" if part.get("style") == "ordered" else "ul", items)
        return _wrap(tags[part["type"]], self._leaves(part["elements"]))

    def source(self, image: Json) -> str | None:
        """The picture as a ``data:`` address, or ``None``: nothing is ever loaded from elsewhere."""
        content = self._view.pictures.get((image.get("slack_file") or {}).get("id", ""))
        return data_address(content) if content else None

    def files(self, message: Json) -> list[tuple[str, str | None]]:
        """Title and picture of each file shared with the message."""
        files = message.get("files", [])
        return [(one["title"], data_address(self._view.pictures.get(one["id"], b""))) for one in files]

    def options(self, one: Json) -> list[Json]:
        """The options of a menu, of all its groups, with which of them is chosen."""
        grouped = [option for group in one.get("option_groups", ()) for option in group["options"]]
        options = [*one.get("options", ()), *grouped]
        chosen = [option["value"] for option in self._chosen(one)]
        return [
            {"words": self.words(option["text"]), "more": self.words(option.get("description")),
             "chosen": option["value"] in chosen}
            for option in options
        ]  # fmt: skip

    def chosen(self, one: Json) -> bool:
        """Is anything chosen in a menu?"""
        return bool(self._chosen(one))

    def said(self, block: Json) -> str:
        """What was typed into an input."""
        answer = self._answer(block.get("block_id", ""), block["element"].get("action_id", ""))
        return str(answer.get("value") or block["element"].get("initial_value") or "")

    def complaint(self, block: Json) -> str:
        """What the app found wrong with an input."""
        return str(self._complaints.get(block.get("block_id", ""), ""))

    def _chosen(self, one: Json) -> list[Json]:
        for answers in self._state.values():
            answer = answers.get(one.get("action_id"), {})
            if answer.get("selected_option") or answer.get("selected_options"):
                return list(answer.get("selected_options") or [answer["selected_option"]])
        return list(one.get("initial_options") or filter(None, [one.get("initial_option")]))

    def _answer(self, block_id: str, action_id: str) -> Json:
        return dict(self._state.get(block_id, {}).get(action_id, {}))

    def href(self, url: str) -> str:
        """A web address, or ``#`` for anything else."""
        return _href(url)

    def _special(self, inner: str) -> Markup:
        address, _, label = inner.partition("|")
        if address.startswith("@"):
            return _mention("@" + (label or self._view.people.get(address[1:], address[1:])))
        if address.startswith("#"):
            return _mention("#" + (label or address[1:]))
        if address.startswith("!date^"):
            return escape(_date(address, label))
        if address.startswith("!"):
            return _mention("@" + (label or address[1:].split("^")[0]), everybody=True)
        if _WEB.match(address):
            return _link(address, label or address)
        return _plain(f"<{inner}>")

    def _leaves(self, leaves: Sequence[Json]) -> Markup:
        return Markup().join(self._leaf(leaf) for leaf in leaves)

    def _leaf(self, leaf: Json) -> Markup:
        match leaf["type"]:
            case "text":
                html = _breaks(leaf["text"])
            case "link":
                html = _link(leaf["url"], leaf.get("text") or leaf["url"])
            case "emoji":
                html = escape(EMOJI.get(leaf["name"], f":{leaf['name']}:"))
            case "user":
                html = _mention("@" + self._view.people.get(leaf["user_id"], leaf["user_id"]))
            case "broadcast":
                html = _mention("@" + leaf["range"], everybody=True)
            case _:
                html = escape(leaf.get("fallback") or leaf.get("value") or leaf["type"])
        for style, tag in (("bold", "strong"), ("italic", "em"), ("strike", "s"), ("code", "code")):
            if (leaf.get("style") or {}).get(style):
                html = _wrap(tag, html)
        return html


def data_address(content: bytes) -> str | None:
    """Bytes of a known kind of picture as a ``data:`` address."""
    for start, kind in PICTURE_TYPES.items():
        if content.startswith(start):
            return f"data:{kind};base64,{base64.b64encode(content).decode()}"
    return None


def _moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)


def _plain(text: str) -> Markup:
    """Slack's three entities decoded, and everything escaped for HTML."""
    return escape(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def _styled(html: str) -> str:
    for pattern, tag in _STYLES:
        html = pattern.sub(rf"<{tag}>\1</{tag}>", html)
    return html


def _quotes(html: str) -> str:
    """Lines that begin with ``>`` as quotations, the others with line breaks."""
    blocks: list[str] = []
    quoted: list[str] = []
    for line in html.split("\n"):
        if line.startswith("&gt;"):
            quoted.append(line[4:].removeprefix(" "))
            continue
        if quoted:
            blocks.append(f"<blockquote>{'<br>'.join(quoted)}</blockquote>")
            quoted = []
        blocks.append(line + "<br>")
    if quoted:
        blocks.append(f"<blockquote>{'<br>'.join(quoted)}</blockquote>")
    return "".join(blocks).removesuffix("<br>")


def _breaks(text: str) -> Markup:
    return escape(text).replace("\n", Markup("<br>"))


def _emoji(text: str) -> str:
    return re.sub(r":([a-z_]+):", lambda found: EMOJI.get(found[1], found[0]), text)


def _date(address: str, fallback: str) -> str:
    seconds = address.split("^")[1] if address.count("^") else ""
    if not seconds.isdecimal():
        return fallback
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%B %-d, %Y at %H:%M UTC")


def _href(url: str) -> str:
    return url if _WEB.match(url) else "#"


def _link(url: str, label: str) -> Markup:
    return Markup('<a href="{}" rel="noreferrer nofollow">{}</a>').format(_href(_unescaped(url)), _plain(label))


def _unescaped(url: str) -> str:
    return url.replace("&amp;", "&")


def _mention(text: str, *, everybody: bool = False) -> Markup:
    return Markup('<span class="{}">{}</span>').format("mention all" if everybody else "mention", text)


def _wrap(tag: str, inner: Markup) -> Markup:
    return Markup(f"<{tag}>{{}}</{tag}>").format(inner)  # noqa: S704  (the tag is one of ours)
