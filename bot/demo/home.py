"""The town hall's own folder: configuration, database and archive of the Beadle that watches Millbrook."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.demo.town import Town
from bot.people import this_account

SHIPPED = Path(__file__).resolve().parents[2] / "config"
POLICY_VERSION = "2024-01"

_PAGES = """\
# Written by the demo. On a real page, auto_hide is signed by a person of the city, after counsel has read the policy.
city:
  name: "Town of Millbrook"
  timezone: "America/New_York"
  digest_hour: "07:30"
  policy_url: "{policy_url}"

pages:
  - slug: {slug}
    name: "Town of Millbrook"
    platform: facebook
    page_id: "{page_id}"
    policy: clinton-city
    mode: {mode}
    poll_every: "1s"
    base_url: "{base_url}"
    public_hosts: ["{public_host}"]
    token: "env:MILLBROOK_TOKEN"
    auto_hide:
      categories: [profanity, pii, spam]
      signed_by: "Dana Whitlock, First Selectwoman"
      signed_on: 2026-11-02
      # A day of made-up trouble: on a real page this stays at 5, and the brake of a rule holds.
      first_day_percent: 100
"""

_PEOPLE = """\
people:
  - id: noor
    name: "Noor Haddad"
    email: "noor.haddad@millbrook.example"
    roles: [sma]
    pages: [{slug}]
    accounts: ["{account}"]
    slack_id: U0NOOR
    purpose: "answers residents for the First Selectwoman's office"
    capability: [publish, comment, moderate]
    training: [{{topic: first-amendment, on: 2026-01-12}}, {{topic: records, on: 2026-01-12}}]
    acknowledged: [{{policy: clinton-city, version: "{version}", on: 2026-01-12}}]
    on_call: true
  - id: gene
    name: "Gene Kowalczyk"
    email: "gene.kowalczyk@millbrook.example"
    roles: [chief_of_staff]
    pages: all
    accounts: ["gene"]
    slack_id: U0GENE
    purpose: "watches over the town's pages"
    capability: [moderate]
    training: [{{topic: first-amendment, on: 2026-01-12}}, {{topic: records, on: 2026-01-12}}]
    acknowledged: [{{policy: clinton-city, version: "{version}", on: 2026-01-12}}]
"""


@dataclass(frozen=True, slots=True)
class Home:
    """``environment`` is what a Beadle process of this town is started with."""

    folder: Path
    config: Path
    archive: Path
    database_url: str
    environment: Mapping[str, str] = field(repr=False)

    def beadle(self, *words: str, log: Path | None = None) -> subprocess.Popen[bytes]:
        """Start the real command. What it logs goes to ``log``."""
        out = subprocess.DEVNULL if log is None else log.open("ab")
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "bot", *words],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the real command to its end and read what it prints."""
        return subprocess.run(  # noqa: S603
            [sys.executable, "-m", "bot", *words],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def furnish(town: Town, folder: Path, *, mode: str = "enforce", **more: str) -> Home:
    """Write the configuration of a Beadle that watches ``town``; ``more`` are further environment variables."""
    config = folder / "config"
    config.mkdir(parents=True, exist_ok=True)
    for shipped in ("policies", "wordlists", "rules", "models"):
        if (SHIPPED / shipped).is_dir():
            shutil.copytree(SHIPPED / shipped, config / shipped, dirs_exist_ok=True)
    (config / "pages.yaml").write_text(
        _PAGES.format(
            slug=town.page_slug,
            page_id=town.page_id,
            base_url=town.graph_url,
            public_host=town.page_url.removeprefix("http://"),
            policy_url=town.policy_url,
            mode=mode,
        ),
        "utf-8",
    )
    (config / "people.yaml").write_text(
        _PEOPLE.format(slug=town.page_slug, account=this_account(), version=POLICY_VERSION), "utf-8"
    )
    database = os.environ.get("BEADLE_DATABASE_URL", f"sqlite:///{folder}/beadle.db")
    archive = Path(os.environ.get("BEADLE_ARCHIVE", folder / "archive"))
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("BEADLE_")}
    passed_on = {key: os.environ[key] for key in ("BEADLE_BROWSER", "BEADLE_CAPTURE_USER") if key in os.environ}
    environment = {
        **inherited,
        **passed_on,
        **town.environment(
            BEADLE_CONFIG=str(config),
            BEADLE_DATABASE_URL=database,
            BEADLE_ARCHIVE=str(archive),
            BEADLE_EVIDENCE_KEY=str(folder / "keys" / "evidence.pem"),
            BEADLE_CAPTURES="2",
            BEADLE_LOG_FORMAT="json",
        ),
        **more,
    }
    return Home(folder, config, archive, database, environment)
