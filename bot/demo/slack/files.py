"""``files.*``: an upload in three steps. https://docs.slack.dev/messaging/working-with-files#uploading_files"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.demo.slack.message import SlackError, decoded
from bot.demo.slack.workspace import Room, Upload, Workspace

Json = dict[str, Any]


class Files:
    """Takes files. ``base`` is the server's address."""

    def __init__(self, workspace: Workspace, base: Callable[[], str]) -> None:
        self._workspace = workspace
        self._base = base

    @property
    def methods(self) -> Mapping[str, Callable[[Json], Json]]:
        """The methods of the Web API, by name."""
        return {
            "files.completeUploadExternal": self._complete,
            "files.delete": self._delete,
            "files.getUploadURLExternal": self._url,
        }

    async def receive(self, request: Request) -> Response:
        """The bytes themselves, which Slack takes without a token."""
        upload = self._workspace.uploads.get(request.path_params["file_id"])
        if upload is None:
            return PlainTextResponse("no such upload", 404)
        upload.content = await _uploaded(request)
        return PlainTextResponse(f"OK - {len(upload.content)}")

    def _url(self, args: Json) -> Json:
        name, length = args.get("filename", ""), str(args.get("length", ""))
        if not name or not length.isdecimal() or length == "0":
            raise SlackError("invalid_arguments", ["missing required field: filename or length"])
        file_id = self._workspace.new_id("F")
        self._workspace.uploads[file_id] = Upload(file_id, name, int(length))
        return {"upload_url": f"{self._base()}/upload/v1/{file_id}", "file_id": file_id}

    def _complete(self, args: Json) -> Json:
        shared = [self._completed(row) for row in decoded(args.get("files"), "invalid_arguments") or []]
        if not shared:
            raise SlackError("no_files_found")
        if args.get("channel_id"):
            self._share(self._workspace.room(args["channel_id"]), shared, args)
        return {"files": shared}

    def _completed(self, row: Json) -> Json:
        upload = self._workspace.uploads.get(str(row.get("id", "")))
        if upload is None:
            raise SlackError("file_not_found")
        if len(upload.content) != upload.length:
            raise SlackError("file_upload_size_mismatch")
        upload.title, upload.complete = str(row.get("title") or upload.name), True
        return {"id": upload.id, "title": upload.title, "name": upload.name, "size": upload.length}

    def _delete(self, args: Json) -> Json:
        if self._workspace.uploads.pop(str(args.get("file", "")), None) is None:
            raise SlackError("file_not_found")
        return {}

    def _share(self, room: Room, shared: list[Json], args: Json) -> None:
        text = str(args.get("initial_comment") or "")
        self._workspace.post(room, {"text": text, "files": shared}, args.get("thread_ts") or None)


async def _uploaded(request: Request) -> bytes:
    """Slack takes the bare bytes as well as a form with one file."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    async with request.form() as form:
        for value in form.values():
            if not isinstance(value, str):
                return await value.read()
    return b""
