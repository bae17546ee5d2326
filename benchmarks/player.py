"""Opens an archive in ReplayWeb.page and says what is seen there. Run by ``replay.py``, in a process without rights.

Reads one order from standard input (``browser``, ``address``, ``words``), writes one JSON object: whether the ``words``
stand in the replayed page, whether the ``signature`` is true and the ``package`` what was signed, what the player
``said``, and two pictures.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from typing import Any

from playwright.sync_api import Error, Frame, Page, sync_playwright

PATIENCE_S = 40.0
# The player's own account of what it checked. Its page adds a signature up as verified whether it matched or not.
CHECKS = """async () => {
  const found = {};
  for (const {name} of await indexedDB.databases()) {
    const open = await new Promise((done, failed) => {
      const asked = indexedDB.open(name);
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => failed(asked.error);
    });
    if (open.objectStoreNames.contains("verification")) {
      const rows = await new Promise(done => {
        const asked = open.transaction("verification").objectStore("verification").getAll();
        asked.onsuccess = () => done(asked.result);
      });
      for (const {id, matched} of rows) found[id] = matched;
    }
    open.close();
  }
  return found;
}"""


def main() -> None:
    order = json.loads(sys.stdin.read())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=order["browser"], chromium_sandbox=True)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(order["address"])
        seen = look(page, order["words"])
        browser.close()
    print(json.dumps(seen))


def look(page: Page, words: str) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE_S
    while not (found := any(words in text(frame) for frame in page.frames)) and time.monotonic() < until:
        page.wait_for_timeout(200)
    page_picture = page.screenshot()
    checks = page.evaluate(CHECKS)
    return {
        "words": found,
        "signature": checks.get("signature"),
        "package": checks.get("defaultdatapackage.json"),
        "said": receipt(page),
        "page_picture": base64.b64encode(page_picture).decode(),
        "receipt_picture": base64.b64encode(page.screenshot()).decode(),
    }


def receipt(page: Page) -> str:
    """Unfold what the player says of the archive."""
    for frame in page.frames:
        box = frame.locator("rwp-embed-receipt")
        if box.count():
            box.locator("button").first.click()
            page.wait_for_timeout(500)
            said = box.inner_text()
            return said.partition("Validation:")[2].strip().partition("\n")[0]
    return ""


def text(frame: Frame) -> str:
    try:
        return str(frame.evaluate("document.body ? document.body.innerText : ''"))
    except Error:  # it is going elsewhere
        return ""


if __name__ == "__main__":
    main()
