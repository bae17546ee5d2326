"""The whole route of a comment against a real WordPress: found, judged, pictured, sealed, and only then held."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.connectors.real.debian_wordpress import NotToBeHad, Site, running
from tests.connectors.real.test_real_wordpress import Visitors

pytestmark = pytest.mark.long

CONFIG = Path(__file__).resolve().parents[2] / "config"
PAGES = """
city:
  name: City of X
  timezone: America/Chicago
  policy_url: {url}/hello-world/
pages:
  - slug: blog
    platform: wordpress
    page_id: cityblog
    policy: clinton-city
    base_url: {url}
    public_hosts: ["{host}"]
    token: file:{token}
    mode: enforce
    auto_hide:
      categories: [profanity, pii, spam]
      signed_by: A. Name, city counsel
      signed_on: 2026-11-02
"""


@pytest.fixture
def site() -> Iterator[Site]:
    """A fresh site, made of Debian's packages."""
    folder = Path(tempfile.mkdtemp(prefix="wp"))
    try:
        with running(folder) as made:
            yield made
    except NotToBeHad as reason:
        pytest.skip(f"There is no WordPress here: {reason}.")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def configured(site: Site, place: Path) -> dict[str, str]:
    """A city's configuration for the site; the environment that names it."""
    shutil.copytree(CONFIG, place / "config")
    token = place / "blog.json"
    token.write_text(json.dumps({"user": site.user, "password": site.password}))
    token.chmod(0o600)
    host = site.url.removeprefix("http://")
    (place / "config" / "pages.yaml").write_text(PAGES.format(url=site.url, host=host, token=token))
    return {**os.environ, "BEADLE_CONFIG": str(place / "config"), "BEADLE_STATE": str(place / "state")}


def beadle(environment: dict[str, str], *words: str) -> str:
    """One command, as a clerk types it."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words], env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def status_of(site: Site, number: int) -> str:
    """How a comment stands on the site itself."""
    with httpx.Client(auth=(site.user, site.password), trust_env=False, timeout=30) as client:
        told = client.get(f"{site.url}/wp-json/wp/v2/comments/{number}", params={"context": "edit"})
    return str(told.json()["status"])


def test_a_violator_on_a_real_blog_is_sealed_with_its_picture_and_then_held(site: Site, tmp_path: Path) -> None:
    """Criticism stays, the violation goes into the queue; the package shows it as a visitor saw it, and holds."""
    visitors = Visitors(site)
    post = visitors.publish("Snow routes")
    lawful = visitors.say(post, "The mayor is a liar and this council is a disgrace.", date_gmt=None)
    violator = visitors.say(post, "Pay him with my card 4111 1111 1111 1111 & be done.", date_gmt=None)
    environment = configured(site, tmp_path)
    beadle(environment, "migrate")

    beadle(environment, "run", "--once")

    assert (status_of(site, lawful), status_of(site, violator)) == ("approved", "hold")
    packages = (tmp_path / "state" / "archive" / "packages").rglob("*.zip")
    names = [name for package in packages for name in zipfile.ZipFile(package).namelist()]
    assert len([name for name in names if name.endswith("capture/comment.png")]) == 1
    beadle(environment, "verify", "--all")
