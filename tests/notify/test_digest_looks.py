"""The digest and the weekly as a browser shows them: on a telephone and a desk, by day and by night."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from bot.evidence.picture.chromium import find_browser
from bot.notify import digest, weekly
from tests.notify.reading import FULL, QUIET
from tests.notify.test_weekly import WEEK

LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
LEAST_LETTERS = 13
# Every piece of text with the colours that are really behind and on it. The squares of a legend are no text.
LOOK = """() => {
  const rgb = c => c.match(/[\\d.]+/g).map(Number);
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = c => { const [r, g, b] = c.map(v => linear(v / 255));
    return .2126 * r + .7152 * g + .0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, said = walk.currentNode.data.trim();
    if (!said || said === "\u00a0" || e.closest("[aria-hidden]")) continue;
    const style = getComputedStyle(e), [a, b] = [rgb(style.color).slice(0, 3), behind(e)].map(light);
    found.push([said, (Math.max(a, b) + .05) / (Math.min(a, b) + .05), parseFloat(style.fontSize)]);
  }
  const out = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + .5);
  return {found, wide: document.documentElement.scrollWidth, out: out.map(e => e.outerHTML.slice(0, 90))};
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser that is installed here."""
    path = find_browser()
    assert path is not None
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(path), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The mails as pages, their pictures inside."""
    folder = tmp_path_factory.mktemp("mails")
    made = {"full": digest.render(FULL), "quiet": digest.render(QUIET), "week": weekly.render(WEEK)}
    for name, each in made.items():
        (folder / f"{name}.html").write_text(each.page, "utf-8")
    return {name: folder / f"{name}.html" for name in made}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 900])
@pytest.mark.parametrize("name", ["full", "quiet", "week"])
def test_every_word_can_be_read_and_nothing_hangs_over(
    browser: Browser, files: dict[str, Path], name: str, width: int, scheme: Any
) -> None:
    """Contrast and size of each piece of text, as it is computed in the page; and no page that scrolls sideways."""
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(files[name].as_uri())
    seen = page.evaluate(LOOK)
    page.close()

    assert len(seen["found"]) > 10
    assert [each for each in seen["found"] if each[1] < LEAST_CONTRAST] == []
    assert [each for each in seen["found"] if each[2] < LEAST_LETTERS] == []
    assert (seen["wide"], seen["out"]) == (width, [])
    assert [url[:20] for url in asked if not url.startswith(("file:", "data:"))] == []


def test_the_picture_is_shown_in_its_shape_on_a_telephone_and_a_desk(browser: Browser, files: dict[str, Path]) -> None:
    """As wide as there is room, up to its own width, and never squeezed."""
    shapes = []
    for width in (390, 900):
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto(files["full"].as_uri())
        shapes.append(page.locator("img").bounding_box())
        page.close()

    (phone, desk) = shapes
    assert phone is not None
    assert desk is not None
    assert (phone["width"], desk["width"]) == (390 - 32, 420)
    assert abs(phone["width"] / phone["height"] - 420 / 236) < 0.02
    assert abs(desk["width"] / desk["height"] - 420 / 236) < 0.02


def test_the_day_s_news_stands_on_the_first_screen_of_a_telephone(browser: Browser, files: dict[str, Path]) -> None:
    """What was hidden and what waits can be read without a touch, also under four warnings."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(files["full"].as_uri())
    figures = page.locator(".figure").last.bounding_box()
    page.close()

    assert figures is not None
    assert figures["y"] + figures["height"] < 844
