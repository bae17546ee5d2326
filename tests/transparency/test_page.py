"""The page for everybody: what it says, in two languages, and what it never says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, sync_playwright

from bot.evidence.picture.chromium import find_browser
from bot.ledger.openness import Course
from bot.ledger.tables import CaseStatus
from bot.transparency.facts import (
    Appeals,
    ClauseCounts,
    Counts,
    PageCounts,
    PublicFacts,
    Terms,
    by_clause,
    by_page,
    counted,
    time_to_decide,
)
from bot.transparency.page import render, write

AT = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
SEEN = Course("main", "clinton-city", "3.4.3.A", True, False, False, CaseStatus.HIDDEN, AT, AT + timedelta(hours=2))
FACTS = PublicFacts(
    city="Millbrook",
    since=date(2025, 11, 22),
    until=date(2026, 11, 21),
    policy_url="https://www.millbrook.example/policy",
    contact="Town Clerk, 1 Main Street",
    appeals_to="appeals@millbrook.example",
    appeals_url="https://www.millbrook.example/appeal",
    appeal_days=10,
    answer_days=14,
    comments=52_310,
    counts=Counts(12, 7, 1, 2, 3, 1),
    decided=9,
    median_to_decide=timedelta(hours=3, minutes=10),
    clauses=(
        ClauseCounts("3.4.3.A", "Profane, obscene or vulgar language", Counts(9, 6, 1, 2, 1, 0)),
        ClauseCounts("3.4.3.L", "Private data of a person", Counts(3, 1, 0, 0, 2, 1)),
    ),
    pages=(PageCounts("Town of Millbrook", "Facebook", 50_000, Counts(12, 7, 1, 2, 3, 1)),),
    terms=(
        Terms(
            "Social media policy",
            "2024-01",
            date(2024, 1, 8),
            "City Hall, 2267 North",
            (("3.4.3.A", "Profane language"),),
            (("3.4.3.E", "Endorsement"),),
            "policy-clinton-city-2024-01.txt",
        ),
    ),
    appeals=Appeals(4, 1, 2, 1),
    blocked=1,
)


def soup(language: str = "en", facts: PublicFacts = FACTS) -> BeautifulSoup:
    """The page, read."""
    return BeautifulSoup(render(facts, language), "html.parser")


# ── counting ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_comment_that_was_hidden_and_shown_again_counts_as_both() -> None:
    """A reversal is never taken out of the figures."""
    back = replace(SEEN, shown_again=True, status=CaseStatus.RESTORED)
    kept = replace(SEEN, hidden=False, status=CaseStatus.KEPT)
    waits = replace(SEEN, hidden=False, status=CaseStatus.WAITING, decided_at=None)

    assert counted([SEEN, back, kept, waits]) == Counts(found=4, hidden=2, shown_again=1, left_up=1, waiting=1)


def test_clauses_of_two_policies_with_one_number_are_two_rows() -> None:
    """The number alone names no clause."""
    rows = by_clause([SEEN, SEEN, replace(SEEN, policy="other")], lambda policy, clause: f"{policy} {clause}")

    assert [(row.summary, row.counts.found) for row in rows] == [("clinton-city 3.4.3.A", 2), ("other 3.4.3.A", 1)]


def test_a_page_without_a_case_has_its_row() -> None:
    """That nothing was done is a figure, too."""
    rows = by_page([SEEN], {"main": 5, "snow": 7}, [("main", "Main", "Facebook"), ("snow", "Snow", "X")])

    assert [(row.name, row.comments, row.counts.found) for row in rows] == [("Main", 5, 1), ("Snow", 7, 0)]


def test_the_time_to_decide_is_the_median_of_what_people_decided() -> None:
    """What nobody has decided yet has no time; one that took a year moves the median little."""
    slow = replace(SEEN, decided_at=AT + timedelta(days=365))
    quick = replace(SEEN, decided_at=AT + timedelta(minutes=5))

    assert time_to_decide([SEEN, slow, quick, replace(SEEN, decided_at=None)]) == (3, timedelta(hours=2))
    assert time_to_decide([replace(SEEN, decided_at=None)]) == (0, None)


# ── what it says ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("language", ["en", "es"])
def test_both_languages_say_the_same_figures(language: str) -> None:
    """Figures, clauses and addresses stand in either page."""
    page = soup(language)
    words = " ".join(page.get_text(" ").split())

    assert page.html is not None
    assert page.html["lang"] == language
    for said in ("52,310", "3.4.3.A", "3.4.3.L", "3.4.3.E", "Town Clerk, 1 Main Street", "2024-01"):
        assert said in words
    addresses = {link["href"] for link in page.find_all("a")}
    assert {"mailto:appeals@millbrook.example", "https://www.millbrook.example/appeal"} <= addresses
    assert "policy-clinton-city-2024-01.txt" in addresses
    row = page.find_all("tbody")[0].find_all("tr")[0]
    assert [cell.get_text() for cell in row.find_all("td")] == ["9", "6", "1", "2", "1", "0"]


def test_the_two_pages_have_no_sentence_in_common() -> None:
    """A sentence that was not translated would stand in both."""

    def sentences(language: str) -> set[str]:
        said = (" ".join(each.get_text().split()) for each in soup(language).find_all(["p", "h2", "caption"]))
        return {each for each in said if re.search(r"[a-z]{4}", each)}

    assert sentences("en") & sentences("es") == set()


def test_a_city_without_an_address_for_appeals_says_whom_to_ask() -> None:
    """No empty line, and no promise of a mailbox that is not there."""
    bare = replace(FACTS, contact=None, appeals_to=None, appeals_url=None, policy_url=None, appeals=None)

    words = soup(facts=bare).get_text(" ")

    assert "Ask the city’s clerk how to appeal" in words
    assert not soup(facts=bare).select('a[href^="mailto:"]')


def test_a_year_without_a_case_is_a_whole_page() -> None:
    """Nothing found is said, not left out."""
    quiet = replace(FACTS, counts=Counts(), clauses=(), median_to_decide=None, decided=0)

    assert "No comment was put under a clause" in soup(facts=quiet).get_text()
    assert "No case has been decided by a person" in soup(facts=quiet).get_text()


def test_a_small_share_is_never_rounded_to_nothing() -> None:
    """Seven of fifty thousand is little, not none."""
    assert "(<0.1 % of all)" in soup().get_text()


def test_names_from_configuration_can_not_become_markup() -> None:
    """Whatever a page or city is called, it is text."""
    hostile = '<script>alert(1)</script>"\u202eevil'
    page = soup(facts=replace(FACTS, city=hostile, pages=(replace(FACTS.pages[0], name=hostile),), contact=hostile))

    assert page.find_all("script") == []
    assert "[U+202E]" in page.get_text()


@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_is_loaded_from_anywhere(language: str) -> None:
    """No picture, script, font or frame; the page says so to the browser as well."""
    page = soup(language)

    assert page.find_all(["script", "img", "link", "iframe", "object"]) == []
    assert "url(" not in str(page)
    assert "default-src 'none'" in str(page.find("meta", attrs={"http-equiv": "Content-Security-Policy"}))


def test_the_headings_are_in_order_and_tables_have_heads() -> None:
    """A screen reader finds its way: one h1, no step left out, each cell under a head of its row and column."""
    page = soup()
    levels = [int(each.name[1]) for each in page.find_all(re.compile("^h[1-6]$"))]

    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for table in page.find_all("table"):
        assert table.caption is not None
        assert all(head.get("scope") in ("col", "row") for head in table.find_all("th"))


# ── as files ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_pages_replace_the_old_ones_whole_and_leave_the_rest_alone(tmp_path: Path) -> None:
    """A web server that reads meanwhile sees the old page or the new one; other files are not ours."""
    (tmp_path / "logo.svg").write_text("<svg/>")
    (tmp_path / "index.html").write_text("old")

    written = write(FACTS, {"policy-clinton-city-2024-01.txt": "everything"}, tmp_path)

    assert {path.name for path in written} == {"index.html", "es.html", "policy-clinton-city-2024-01.txt"}
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in written} | {"logo.svg"}
    assert (tmp_path / "index.html").stat().st_mode & 0o777 == 0o644
    assert "Millbrook" in (tmp_path / "index.html").read_text()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The real browser."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(find_browser()), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("language", ["en", "es"])
def test_it_fits_a_telephone_and_a_desk_in_light_and_dark(
    browser: Browser, tmp_path: Path, language: str, width: int, scheme: str
) -> None:
    """Nothing runs over the edge, and every word stands out from what is behind it (WCAG 2.2, 1.4.3: 4.5 to 1)."""
    write(FACTS, {}, tmp_path)
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto((tmp_path / ("index.html" if language == "en" else "es.html")).as_uri())

    wide, faint = page.evaluate(_LOOK)
    page.close()

    assert wide <= width
    assert faint == []


_LOOK = """() => {
  const parts = (c) => { const m = c.match(/[\\d.]+/g).map(Number); return m.length < 4 ? [...m, 1] : m };
  const linear = (x) => x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4;
  const light = (c) => { const v = c.slice(0, 3).map(x => linear(x / 255));
    return .2126 * v[0] + .7152 * v[1] + .0722 * v[2] };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parts(getComputedStyle(e).backgroundColor); if (c[3] > 0) return c }
    return [255, 255, 255] };
  const faint = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || e.closest('style')) continue;
    const [a, b] = [light(parts(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) faint.push([e.tagName, e.textContent.trim().slice(0, 30), ratio.toFixed(2)]);
  }
  return [document.documentElement.scrollWidth, faint];
}"""
