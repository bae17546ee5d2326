"""A YouTube channel as the Data API serves it to its owner (discovery document youtube v3, revision 20261104).

As strict as the platform: unknown paths and parameters are refused, and comments that are asked for by id carry no
moderation status and no video.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs

import httpx

from connectors.contract import CommentRef
from tests.connectors.wire import AN_HOUR_AGO, ANN, NOW, BaseWire, Damage, Resident

CHANNEL = "UCcityofx0000000000000001"
UPLOADS = "UUcityofx0000000000000001"
CITY: Resident = ("cityofx0000000000000001", "@cityofx")
ACCESS = "ya29.a0Access+Token/secret0"
CLIENT_SECRET = "GOCSPX-client/secret+0001"
REFRESH = "1//0gRefresh+Token/secret"
SCOPE = "https://www.googleapis.com/auth/youtube.force-ssl"
# So few replies come with a thread; the platform gives up to five.
INLINE = 2
CHECKED = {
    "commentThreads": {"allThreadsRelatedToChannelId", "order", "moderationStatus", "maxResults", "pageToken", "id"},
    "comments": {"id", "parentId", "maxResults", "pageToken"},
    "videos": {"id"},
    "channels": {"id", "mine"},
    "playlistItems": {"playlistId", "maxResults", "pageToken"},
}


@dataclass
class Wire(BaseWire):
    """The channel and its comments; ``rows`` holds comments by id, the truth about their status with them."""

    platform: ClassVar[str] = "youtube"
    base_url: ClassVar[str] = "https://youtube.googleapis.com"
    page_id: ClassVar[str] = CHANNEL
    token: ClassVar[str] = (
        f'{{"client_id": "1012.apps.googleusercontent.com", "client_secret": "{CLIENT_SECRET}",'
        f' "refresh_token": "{REFRESH}"}}'
    )
    secrets: ClassVar[tuple[str, ...]] = (ACCESS, CLIENT_SECRET, REFRESH)
    also: ClassVar[tuple[str, ...]] = ("https://oauth2.googleapis.com/token",)

    videos: list[dict[str, Any]] = field(default_factory=list)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    damaged: dict[str, Damage] = field(default_factory=dict)
    banned: list[str] = field(default_factory=list)
    scope: str = SCOPE
    token_more: dict[str, Any] = field(default_factory=dict)
    owner: str = CHANNEL
    access: str = ACCESS
    token_fault: httpx.Response | None = None
    # Whether a comment that is not published can be asked for by its id; nobody has seen it on the platform.
    unpublished_by_id: bool = True

    # What happens on the channel.

    def publish(self, number: int, *, at: datetime = NOW - timedelta(days=1)) -> str:
        video_id = f"vid{number:08d}"
        self.videos.insert(0, {"id": video_id, "at": at, "title": f"Council meeting {number}"})
        return video_id

    def say(
        self,
        post_id: str,
        number: int,
        text: str = "plow my street!!",
        *,
        at: datetime = AN_HOUR_AGO,
        author: Resident | None = ANN,
        by_city: bool = False,
        parent: CommentRef | None = None,
    ) -> CommentRef:
        thread = parent.comment_id if parent else f"Ugx{number:06d}AaABAg"
        comment_id = f"{thread}.{number}rep" if parent else thread
        self.rows[comment_id] = {
            "video": post_id,
            "thread": thread,
            "text": text,
            "at": at,
            "author": CITY if by_city else author,
            "status": "published",
            "updated": at,
        }
        return CommentRef("youtube", CHANNEL, comment_id)

    def edit(self, ref: CommentRef, text: str) -> None:
        self.rows[ref.comment_id] |= {"text": text, "updated": self.clock()}

    def vanish(self, ref: CommentRef) -> None:
        for comment_id in [key for key, row in self.rows.items() if ref.comment_id in (key, row["thread"])]:
            del self.rows[comment_id]

    def set_hidden(self, ref: CommentRef, hidden: bool) -> None:
        self.rows[ref.comment_id]["status"] = "heldForReview" if hidden else "published"

    def is_hidden(self, ref: CommentRef) -> bool:
        return bool(self.rows[ref.comment_id]["status"] != "published")

    def damage(self, ref: CommentRef, how: Damage) -> None:
        self.damaged[ref.comment_id] = how

    # The wire.

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host != "oauth2.googleapis.com":
            return super().answer(request)
        # Faults are ordered for the API; this is another host.
        self.asked.append(request)
        return self._token(request)

    def is_read(self, request: httpx.Request) -> bool:
        return request.method == "GET" or request.url.host == "oauth2.googleapis.com"

    def serve(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("authorization") != f"Bearer {self.access}":
            return self.refused(401, "authError", "Invalid Credentials")
        resource = request.url.path.removeprefix("/youtube/v3/")
        query = {key: value for key, value in request.url.params.items() if key not in ("alt", "part", "textFormat")}
        if (request.method, resource) == ("POST", "comments/setModerationStatus"):
            return self._moderated(query)
        if request.method != "GET" or resource not in CHECKED:
            return httpx.Response(404, html="<title>Error 404 (Not Found)!!1</title>")
        if set(query) - CHECKED[resource] or not request.url.params.get("part"):
            return self.refused(400, "unexpectedParameter", f"Unexpected parameter in {sorted(query)}")
        listing = "pageToken" in query or "maxResults" in query
        answer: httpx.Response = getattr(self, f"_{resource.lower()}")(query)
        if listing and self.between_pages:
            self.between_pages()
        return answer

    def refused(self, status: int, reason: str, message: str) -> httpx.Response:
        """An error as Google words it."""
        row = {"message": message, "domain": "youtube.comment", "reason": reason}
        return self.json({"error": {"code": status, "message": message, "errors": [row]}}, status)

    def _token(self, request: httpx.Request) -> httpx.Response:
        told = {key: values[0] for key, values in parse_qs(request.content.decode()).items()}
        if self.token_fault is not None:
            return self.token_fault
        if told.get("client_secret") != CLIENT_SECRET:
            return self.json({"error": "invalid_client", "error_description": "Unauthorized"}, 401)
        if (told.get("grant_type"), told.get("refresh_token")) != ("refresh_token", REFRESH):
            return self.json({"error": "invalid_grant", "error_description": "Bad Request"}, 400)
        given = {"access_token": self.access, "expires_in": 3599, "scope": self.scope, "token_type": "Bearer"}
        return self.json(given | self.token_more)

    def _commentthreads(self, query: dict[str, str]) -> httpx.Response:
        if "id" in query:
            if set(query) != {"id"}:
                return self.refused(400, "incompatibleParameters", "id stands alone")
            found = [name for name in query["id"].split(",") if name in self.rows and self._is_given(name)]
            return self.json({"items": [self._thread(name, None) for name in found]})
        if query.get("allThreadsRelatedToChannelId") != CHANNEL or query.get("order") != "time":
            return self.refused(404, "channelNotFound", "The channel could not be found.")
        status = query.get("moderationStatus", "published")
        names = [name for name, row in self.rows.items() if row["thread"] == name and self._is_in(name, status)]
        names.sort(key=lambda name: self.rows[name]["at"], reverse=True)
        return self._page([self._thread(name, status) for name in names], query)

    def _comments(self, query: dict[str, str]) -> httpx.Response:
        if "id" in query:
            names = [name for name in query["id"].split(",") if name in self.rows and self._is_given(name)]
            rows = [self._comment(name, told=False) for name in names]
            return self.json({"kind": "youtube#commentListResponse", "items": rows})
        if query.get("parentId") not in self.rows:
            return self.refused(404, "commentNotFound", "The parent comment could not be found.")
        names = [name for name in self._replies(query["parentId"]) if self.rows[name]["status"] == "published"]
        return self._page([self._comment(name) for name in names], query)

    def _videos(self, query: dict[str, str]) -> httpx.Response:
        wanted = query["id"].split(",")
        rows = [self._video(video) for video in self.videos if video["id"] in wanted]
        return self.json({"kind": "youtube#videoListResponse", "items": rows})

    def _channels(self, query: dict[str, str]) -> httpx.Response:
        snippet = {"title": "City of X", "description": "Official.", "publishedAt": "2012-03-01T00:00:00Z"}
        related = {"relatedPlaylists": {"likes": "", "uploads": UPLOADS}}
        row = {"id": self.owner if "mine" in query else CHANNEL, "snippet": snippet, "contentDetails": related}
        return self.json({"kind": "youtube#channelListResponse", "items": [row]})

    def _playlistitems(self, query: dict[str, str]) -> httpx.Response:
        if query.get("playlistId") != UPLOADS or not self.videos:
            return self.refused(404, "playlistNotFound", "The playlist cannot be found.")
        rows = [
            {"contentDetails": {"videoId": video["id"], "videoPublishedAt": stamp(video["at"])}}
            for video in self.videos
        ]
        return self._page(rows, query)

    def _moderated(self, query: dict[str, str]) -> httpx.Response:
        comment_id, status, ban = query["id"], query["moderationStatus"], query.get("banAuthor") == "true"
        if comment_id not in self.rows:
            return self.refused(404, "commentNotFound", "One or more of the comments cannot be found.")
        if ban and status != "rejected":
            return self.refused(400, "banWithoutReject", "banAuthor needs rejected")
        row = self.rows[comment_id]
        if row["status"] == "rejected" and status == "published":
            return self.refused(400, "operationNotSupported", "A rejected comment can not be published.")
        row["status"] = status
        if ban:
            self.banned.append(row["author"][0])
        word = {"heldForReview": "hide", "published": "unhide", "rejected": "ban" if ban else "reject"}[status]
        self.wrote(f"{word} {comment_id}")
        return httpx.Response(204)

    def _is_in(self, thread: str, status: str) -> bool:
        if status == "published":
            return bool(self.rows[thread]["status"] == status)
        return any(self.rows[name]["status"] == status for name in (thread, *self._replies(thread)))

    def _is_given(self, name: str) -> bool:
        return self.unpublished_by_id or self.rows[name]["status"] == "published"

    def _replies(self, thread: str) -> list[str]:
        return [name for name, row in self.rows.items() if row["thread"] == thread and name != thread]

    def _thread(self, name: str, status: str | None) -> dict[str, Any]:
        row = self.rows[name]
        shown = [reply for reply in self._replies(name) if self.rows[reply]["status"] == (status or "published")]
        count = sum(self.rows[reply]["status"] == "published" for reply in self._replies(name))
        thread = {
            "kind": "youtube#commentThread",
            "id": name,
            "snippet": {
                "channelId": CHANNEL,
                "videoId": row["video"],
                "topLevelComment": self._comment(name, told=status is not None),
                "canReply": True,
                "totalReplyCount": count,
                "isPublic": row["status"] == "published",
            },
        }
        if status and shown:
            thread["replies"] = {"comments": [self._comment(reply) for reply in shown[:INLINE]]}
        how = self.damaged.get(name)
        return thread if how not in ("no id", "bad id") else self._unnamed(thread, how)

    def _comment(self, name: str, *, told: bool = True) -> dict[str, Any]:
        row = self.rows[name]
        snippet = {
            "channelId": CHANNEL,
            "textDisplay": row["text"],
            "textOriginal": row["text"],
            "authorDisplayName": row["author"][1] if row["author"] else "",
            "authorChannelUrl": f"http://www.youtube.com/channel/UC{row['author'][0]}" if row["author"] else "",
            "likeCount": 0,
            "publishedAt": stamp(row["at"]),
            "updatedAt": stamp(row["updated"]),
        }
        if row["author"]:
            snippet["authorChannelId"] = {"value": f"UC{row['author'][0]}"}
        if row["thread"] != name:
            snippet["parentId"] = row["thread"]
        if told:
            snippet |= {"moderationStatus": row["status"], "videoId": row["video"]}
        if self.damaged.get(name) == "no time":
            del snippet["publishedAt"]
        if self.damaged.get(name) == "bad time":
            snippet["publishedAt"] = "yesterday"
        return {"kind": "youtube#comment", "id": name, "snippet": snippet}

    def _unnamed(self, thread: dict[str, Any], how: Damage | None) -> dict[str, Any]:
        for each in (thread, thread["snippet"]["topLevelComment"]):
            each["id"] = "../me"
            if how == "no id":
                del each["id"]
        return thread

    def _video(self, video: dict[str, Any]) -> dict[str, Any]:
        count = sum(row["video"] == video["id"] and row["status"] == "published" for row in self.rows.values())
        snippet = {
            "channelId": CHANNEL,
            "title": video["title"],
            "description": "Agenda below.",
            "publishedAt": stamp(video["at"]),
        }
        return {"id": video["id"], "snippet": snippet, "statistics": {"viewCount": "12", "commentCount": str(count)}}

    def _page(self, rows: list[Any], query: dict[str, str]) -> httpx.Response:
        mark, size = query.get("pageToken", "at.0"), int(query.get("maxResults", "20"))
        if self.empty_pages:
            self.empty_pages -= 1
            return self.json({"items": [], "nextPageToken": f"hollow{self.empty_pages}.0"})
        start = 0 if self.same_mark else int(mark.rpartition(".")[2])
        answer: dict[str, Any] = {"items": rows[start : start + size], "pageInfo": {"resultsPerPage": size}}
        if self.same_mark or start + size < len(rows):
            answer["nextPageToken"] = "at.0" if self.same_mark else f"at.{start + size}"
        return self.json(answer)


def stamp(moment: datetime) -> str:
    """A time as Google writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
