"""The capture process: one browser, fed over pipes, so that whatever a page does to it stays out of the daemon.

One JSON object a line. First comes the order to start; then one line for each look. It ends with its standard input,
that is: with its parent. (Not by ``PR_SET_PDEATHSIG``: that fires when the *thread* that started us ends.)
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

from bot.evidence.picture.chromium import unsandboxed
from bot.evidence.picture.look import Look

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
    with sync_playwright() as playwright:
        browser, answer = _start(playwright, start)
        _say(answers, answer)
        while browser is not None and (order := orders.get()) is not None:
            _say(answers, _look(browser, start["allowed"], order))
        if browser is not None:
            browser.close()
    shutil.rmtree(os.environ.get("HOME", ""), ignore_errors=True)


def _start(playwright: Playwright, order: dict[str, Any]) -> tuple[Browser | None, dict[str, Any]]:
    try:
        browser = playwright.chromium.launch(
            executable_path=order["browser"],
            chromium_sandbox=True,  # Playwright's own default is to go without
            args=order["flags"],
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


def _look(browser: Browser, allowed: str, order: dict[str, Any]) -> dict[str, Any]:
    try:
        return Look(browser, allowed, order["seconds"], order["patience"]).at(
            order["url"], order["text"], order["comment_id"]
        )
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
        _kill_below(os.getpid())
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    return orders


def _kill_below(parent: int) -> None:
    for entry in Path(f"/proc/{parent}/task").glob("*/children"):
        for child in entry.read_text().split():
            _kill_below(int(child))
            try:
                os.kill(int(child), signal.SIGKILL)
            except ProcessLookupError:
                continue


def _say(answers: IO[str], answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _said(error: Error) -> str:
    lines = [line.strip() for line in error.message.splitlines() if line.strip()]
    telling = [line for line in lines if "sandbox" in line.lower() or "FATAL" in line or "error" in line.lower()]
    return (telling or lines or ["no reason given"])[0][:300]


if __name__ == "__main__":
    main()
