"""The capture process: one browser, fed over pipes, so that whatever a page does to it stays out of the daemon.

One JSON object a line. First comes the order to start; then one line for each look. It ends with its standard input,
that is: with its parent. (Not by ``PR_SET_PDEATHSIG``: that fires when the *thread* that started us ends.)
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import sys
import threading
import time
from contextlib import suppress
from typing import IO, Any

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

from bot.evidence.egress.guard import Guard
from bot.evidence.egress.hosts import Hosts
from bot.evidence.picture.camera import Camera
from bot.evidence.picture.chromium import flags, unsandboxed
from bot.evidence.picture.processes import below, kill
from bot.evidence.picture.watch import Watch

_GRACE_S = 1.5
_NO_SANDBOX = ("No usable sandbox", "--no-sandbox", "sandbox is not supported", "setuid sandbox")


def main() -> None:
    """Serve looks until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # whatever a library prints must not fall between our answers
    orders = _listen()
    start = orders.get()
    if start is None:
        return
    with Guard(Hosts(tuple(start["hosts"]))) as guard, sync_playwright() as playwright:
        browser, answer = _start(playwright, start, guard.proxy)
        camera = None if browser is None else Camera(browser, guard, Watch(start["memory"]))
        _say(answers, answer)
        while camera is not None and _prepared(camera) and (order := orders.get()) is not None:
            _say(answers, _look(camera, order))
        if browser is not None:
            browser.close()
    shutil.rmtree(os.environ.get("HOME", ""), ignore_errors=True)


def _start(playwright: Playwright, order: dict[str, Any], proxy: str) -> tuple[Browser | None, dict[str, Any]]:
    try:
        browser = playwright.chromium.launch(
            executable_path=order["browser"],
            chromium_sandbox=True,  # Playwright's own default is to go without
            args=flags(proxy),
            timeout=order["seconds"] * 1000,
        )
    except Error as error:
        refused = any(sign in error.message for sign in _NO_SANDBOX)
        return None, {"status": "no_sandbox" if refused else "no_browser", "reason": _said(error)}
    fault = _sandbox_fault(browser)
    if fault is None:
        return browser, {"status": "ready", "browser": f"Chromium {browser.version}"}
    browser.close()
    return None, {"status": "no_sandbox", "reason": fault}


def _sandbox_fault(browser: Browser) -> str | None:
    """Looked at in the running process, because switches can be ignored."""
    page = browser.new_page()
    try:
        page.goto("about:blank")
        for _ in range(20):
            if (fault := unsandboxed(os.getpid())) is None:
                return None
            time.sleep(0.05)  # the filter is put on shortly after the process begins
        return fault
    finally:
        page.close()


def _prepared(camera: Camera) -> bool:
    """Make the next window ready while nobody waits. The browser may be gone: then the next order says so."""
    with suppress(Error):
        camera.prepare()
    return True


def _look(camera: Camera, order: dict[str, Any]) -> dict[str, Any]:
    try:
        return camera.take(order)
    except Error as error:  # the browser itself is gone: the parent starts another
        return {"status": "died", "reason": _said(error)}


def _listen() -> queue.SimpleQueue[dict[str, Any] | None]:
    """Read orders in a thread of their own, so that the end of the parent is seen in the middle of a look, too."""
    orders: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin.buffer:
            orders.put(json.loads(line))
        orders.put(None)
        time.sleep(_GRACE_S)
        for pid in below(os.getpid()):
            kill(pid)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    return orders


def _say(answers: IO[str], answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _said(error: Error) -> str:
    lines = [line.strip() for line in error.message.splitlines() if line.strip()]
    telling = [line for line in lines if "sandbox" in line.lower() or "FATAL" in line or "error" in line.lower()]
    return (telling or lines or ["no reason given"])[0][:300]


if __name__ == "__main__":
    main()
