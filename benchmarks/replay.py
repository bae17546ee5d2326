"""Is a sealed page played back, and is its signature believed? Asks ReplayWeb.page in a real Chromium.

    python benchmarks/replay.py [--wacz FILE --words WORDS] [--pictures FOLDER]

Without a file it captures a page of its own on loopback, as the daemon does. Three archives are opened: the sealed one;
one with one character changed; and one whose digests a forger without the key made good afterwards. Exit code 1 if the
words of the comment aren't in the replayed page, or a signature or a digest isn't judged as it should be.

The player is asked to compare digests (``useHashCheck``, which its worker doesn't heed). By itself it doesn't, and then
its receipt counts each one as "invalid", for anybody's archives. It counts a signature as "verified" even where it is
false. So what it found is read from its own table, not from the receipt.

ReplayWeb.page (AGPL) is fetched from the npm registry of this environment, pinned by version and digest, into a cache
folder. It is neither shipped nor imported.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import os
import shutil
import ssl
import subprocess
import sys
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import httpx
import truststore

from bot.evidence.canonical import canonical, sha256
from bot.evidence.chain.keys import wacz_key
from bot.evidence.picture.browser import BrowserCapturer
from bot.evidence.picture.chromium import find_browser
from bot.evidence.picture.privilege import quarters
from bot.evidence.wacz.page import page_wacz

VERSION = "2.5.3"
SHA512 = "nCj2PSON3BxeSJKE8AsYPyULv0XPZKJWfy4l9PyQre9SqwLZ+WKZVs/sfLqPOQ4GrH+0YkjbwOhr8cSTH08gsQ=="
LARGEST = 20_000_000
WORDS = "Nobody at town hall picks up the phone \U0001f621 ¡Qué vergüenza!"
PACKAGE = "ev-20261120T110214Z-b7bnl7cc6uxie"
TYPES = {".js": "text/javascript", ".html": "text/html; charset=utf-8", ".wacz": "application/wacz"}
STYLE = "body{font:16px sans-serif;margin:2em} article{border:1px solid #999;padding:1em;width:30em}"
FOUND = {"sealed": (True, True), "changed": (True, False), "forged": (False, True)}
"""What is to be found of each archive: the signature is true; the package is what was signed."""


@dataclass(frozen=True)
class Archive:
    """A WACZ, the page in it and the words that must stand there."""

    data: bytes
    page: str
    words: str


def main() -> int:
    asked = arguments()
    player = unpacked(fetched())
    archive = read(asked.wacz, asked.words) if asked.wacz else made()
    asked.pictures.mkdir(parents=True, exist_ok=True)
    good = [judge(player, name, data, archive, asked.pictures) for name, data in versions(archive.data).items()]
    print(f"pictures in {asked.pictures}")
    told = "played back; the signature is true, and false when forged; a change is found"
    print(told if all(good) else "NOT as it should be")
    return 0 if all(good) else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wacz", type=Path, help="data/capture/page.wacz of a package")
    parser.add_argument("--words", default=WORDS, help="the words that must stand in the replayed page")
    parser.add_argument("--pictures", type=Path, default=Path(tempfile.gettempdir()) / "beadle-replay")
    return parser.parse_args()


def judge(player: Path, name: str, data: bytes, archive: Archive, pictures: Path) -> bool:
    """Open one version in the player; print what it makes of it."""
    with served(player, name, data, archive) as address:
        seen = played(address, archive.words)
    for what in ("page", "receipt"):
        (pictures / f"{name}-{what}.png").write_bytes(base64.b64decode(str(seen[f"{what}_picture"])))
    good = seen["words"] is True and (seen["signature"], seen["package"]) == FOUND[name]
    print(f"{name:8} words in the page: {seen['words']}, signature true: {seen['signature']}", end="")
    print(
        f", package as signed: {seen['package']}; receipt: {seen['said']!r}. {'As it should be.' if good else 'WRONG.'}"
    )
    return good


def versions(sealed: bytes) -> dict[str, bytes]:
    """The archive as sealed, with one character changed, and as a forger without the key would leave it."""
    with zipfile.ZipFile(io.BytesIO(sealed)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    package = files["datapackage.json"].replace(b'"title":"The', b'"title":"the')
    digest = json.loads(files["datapackage-digest.json"])
    digest["hash"] = digest["signedData"]["hash"] = f"sha256:{sha256(package)}"
    changed = {**files, "datapackage.json": package}
    return {
        "sealed": sealed,
        "changed": zipped(changed),
        "forged": zipped({**changed, "datapackage-digest.json": canonical(digest)}),
    }


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def read(path: Path, words: str) -> Archive:
    with zipfile.ZipFile(path) as archive:
        page = json.loads(archive.read("pages/pages.jsonl").splitlines()[1])
    return Archive(path.read_bytes(), page["url"], words)


def made() -> Archive:
    """A page on loopback, captured and signed as the daemon does it."""
    article = f"<article data-comment-id=c1><b>Mallory Reyes</b><p>{WORDS}</p></article>"
    page = f"<!doctype html><meta charset=utf-8><link rel=stylesheet href=/style.css><h1>Millbrook</h1>{article}"
    with server({"/post": page.encode(), "/style.css": STYLE.encode()}) as address:
        capturer = BrowserCapturer([address.removeprefix("http://")])
        try:
            capture = capturer.capture(f"{address}/post", WORDS, "c1")
        finally:
            capturer.close()
    with tempfile.TemporaryDirectory() as folder:
        key = wacz_key(str(Path(folder) / "evidence.pem"))
        wacz = page_wacz(capture, PACKAGE, key.sign_wacz, datetime.now(UTC))
    if wacz is None:
        sys.exit(f"Nothing was captured: {capture.status}. {capture.reason}")
    return Archive(wacz, f"{address}/post", WORDS)


def fetched() -> bytes:
    """The npm package, from the cache or the registry; its digest is checked either way."""
    kept = cache() / f"replaywebpage-{VERSION}.tgz"
    if not kept.exists():
        kept.write_bytes(downloaded(f"{registry()}/replaywebpage/-/replaywebpage-{VERSION}.tgz"))
    data = kept.read_bytes()
    if base64.b64encode(hashlib.sha512(data).digest()).decode() != SHA512:
        kept.unlink()
        sys.exit(f"replaywebpage {VERSION} is not what was pinned; it was thrown away.")
    return data


def downloaded(address: str) -> bytes:
    trust = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with (
        httpx.Client(verify=trust, timeout=60, follow_redirects=True) as client,
        client.stream("GET", address) as answer,
    ):
        answer.raise_for_status()
        data = bytearray()
        for piece in answer.iter_bytes():
            data += piece
            if len(data) > LARGEST:
                sys.exit(f"{address} is larger than replaywebpage can be.")
    return bytes(data)


def registry() -> str:
    found = os.environ.get("NPM_CONFIG_REGISTRY")
    npm = shutil.which("npm")
    if not found and npm:
        found = subprocess.run([npm, "config", "get", "registry"], capture_output=True, text=True).stdout.strip()  # noqa: S603
    if not found:
        sys.exit("Which npm registry? Install npm, or set NPM_CONFIG_REGISTRY to its address.")
    return found.rstrip("/")


def cache() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "beadle"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def unpacked(data: bytes) -> Path:
    folder = cache() / f"replaywebpage-{VERSION}"
    with tarfile.open(fileobj=io.BytesIO(data)) as package:
        package.extractall(folder, filter="data")
    return folder / "package"


@contextmanager
def served(player: Path, name: str, data: bytes, archive: Archive) -> Iterator[str]:
    """The player and one archive; gives the address of a page that shows it."""
    attributes = f'source="/{name}.wacz" url="{quote(archive.page, safe=":/?&=%")}" embed="replay-with-info"'
    # The player hangs its own parameters behind the name of its script.
    attributes += ' noWebWorker swName="sw.js?useHashCheck=1&amp;rest="'
    style = "<style>replay-web-page{display:block;height:880px}</style>"
    show = f'<!doctype html>{style}<script src="/ui.js"></script><replay-web-page {attributes}></replay-web-page>'
    files = {f"/replay/{file}": (player / file).read_bytes() for file in ("index.html", "ui.js", "sw.js")}
    files |= {"/index.html": show.encode(), "/ui.js": files["/replay/ui.js"], "/replay/": files["/replay/index.html"]}
    with server({**files, f"/{name}.wacz": data}) as address:
        yield f"{address}/index.html"


def played(address: str, words: str) -> dict[str, object]:
    """What the player shows, in a sandboxed browser without rights (see ``player.py``)."""
    browser = find_browser()
    if browser is None:
        sys.exit("There is no browser.")
    place = quarters(browser, None)
    command = [*place.command, sys.executable, str(Path(__file__).with_name("player.py"))]
    order = json.dumps({"browser": str(place.browser), "address": address, "words": words})
    try:
        said = subprocess.run(command, input=order, env=place.environment, capture_output=True, text=True, timeout=120)  # noqa: S603
    finally:
        shutil.rmtree(place.scratch, ignore_errors=True)
    if said.returncode:
        sys.exit(said.stderr)
    seen: dict[str, object] = json.loads(said.stdout)
    return seen


@contextmanager
def server(files: dict[str, bytes]) -> Iterator[str]:
    """Files on loopback."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(with_body=True)

        def do_HEAD(self) -> None:
            self.answer(with_body=False)

        def answer(self, *, with_body: bool) -> None:
            path = self.path.partition("?")[0]
            body = files.get(path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", TYPES.get(Path(path).suffix, "text/html; charset=utf-8"))
            if path.endswith(".css"):
                self.send_header("Content-Type", "text/css")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            if with_body:
                self.wfile.write(body or b"")

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    web = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    web.daemon_threads = True
    threading.Thread(target=web.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{web.server_port}"
    finally:
        web.shutdown()
        web.server_close()


if __name__ == "__main__":
    sys.exit(main())
