"""How the environment is written: every variable, what may stand behind it, and what it says in a sentence."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.fields import Bucket, Channel, HttpsAddress, Identifier, KeySource, Listen, Sender, StampAddress, words
from bot.tokens import secret_parts

PREFIX = "BEADLE_"
IN_FILES = (
    "database_url",
    "slack_token",
    "slack_app_token",
    "slack_signing_secret",
    "smtp_url",
    "imap_url",
    "opinion_key",
    "replica_key",
    "webhook_secret",
    "webhook_verify_token",
)


def _here(value: Path) -> Path:
    """An absolute path, so that a change of folder later changes nothing."""
    return value.expanduser().absolute()


Place = Annotated[Path, AfterValidator(_here)]


class Settings(BaseSettings):
    """The environment, checked. Secrets print as asterisks; paths are absolute."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, hide_input_in_errors=True
    )
    noun: ClassVar[str] = "the environment"

    config: Place = Field(
        default=Path("config"),
        validate_default=True,
        description="the folder of pages.yaml, people.yaml and policies",
        examples=["/etc/beadle"],
    )
    state: Place = Field(
        default=Path("state"),
        validate_default=True,
        description="the folder of the database and the archive, where those aren't placed themselves",
        examples=["/var/lib/beadle"],
    )
    database_url: SecretStr = Field(
        default_factory=lambda data: SecretStr(f"sqlite:///{data['state']}/beadle.db"),
        description="the database, SQLite or PostgreSQL (else beadle.db in the state folder)",
        examples=["postgresql://beadle:password@localhost/beadle"],
        json_schema_extra={"secret": True},
    )
    archive: Place = Field(
        default_factory=lambda data: Path(data["state"]) / "archive",
        description="the folder of the sealed evidence (else archive in the state folder)",
        examples=["/srv/beadle/archive"],
    )
    slack_token: SecretStr | None = Field(
        default=None,
        description="the bot token of the Slack app; without one nobody is alerted in Slack",
        examples=["xoxb-..."],
        json_schema_extra={"secret": True},
    )
    slack_base_url: HttpsAddress = Field(
        default="https://slack.com/api/",
        description="the address of the Slack Web API",
        examples=["https://slack.com/api/"],
    )
    slack_channel: Channel | None = Field(
        default=None,
        description="the Slack channel of pages that name none of their own",
        examples=["#social-media"],
    )
    slack_app_token: SecretStr | None = Field(
        default=None,
        description="the app-level token of the Slack app (Socket Mode); without it nobody answers in Slack",
        examples=["xapp-..."],
        json_schema_extra={"secret": True},
    )
    slack_signing_secret: SecretStr | None = Field(
        default=None,
        description="the signing secret of the Slack app, where Slack calls us by HTTP instead",
        examples=["secret"],
        json_schema_extra={"secret": True},
    )
    slack_listen: Listen | None = Field(
        default=None,
        description="the host and port on which Slack's signed calls are received, behind the city's TLS proxy; without"
        " one Socket Mode is used, which opens no port",
        examples=["127.0.0.1:8444"],
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="the mail server; without one no digest is mailed",
        examples=["smtp://user:password@mail.example.gov:587?starttls=always"],
        json_schema_extra={"secret": True},
    )
    mail_from: Sender | None = Field(
        default=None,
        description="the sender of the digest",
        examples=["Beadle <beadle@example.gov>"],
    )
    imap_url: SecretStr | None = Field(
        default=None,
        description="the mailbox in which appeals arrive; without one a clerk enters them",
        examples=["imaps://user:password@mail.example.gov/Appeals"],
        json_schema_extra={"secret": True},
    )
    public_page: Place | None = Field(
        default=None,
        description="the folder into which the public page is written each day, for the city's website to serve",
        examples=["/srv/www/moderation"],
    )
    browser: Place | None = Field(
        default=None,
        description="the browser that takes the pictures (else the first one found)",
        examples=["/usr/bin/chromium-headless-shell"],
    )
    capture_user: Identifier | None = Field(
        default=None,
        description="the account of this machine that the browser runs under when Beadle is started as root",
        examples=["beadle-capture"],
    )
    captures: int = Field(
        default=1,
        ge=1,
        le=8,
        description="how many pictures are taken at once, a whole number from 1 to 8",
        examples=[1],
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least that is logged: debug, info, warning or error", examples=["info"]
    )
    log_format: Literal["auto", "json", "console"] = Field(
        default="auto",
        description="how it is logged: json, console, or auto (console on a terminal, json elsewhere)",
        examples=["auto"],
    )
    disk_reserve: float = Field(
        default=0.05,
        ge=0,
        le=0.5,
        allow_inf_nan=False,
        description="the part of the archive's disk that stays free, from 0 to 0.5",
        examples=[0.05],
    )
    evidence_key: KeySource = Field(
        default_factory=lambda data: str(Path(data["state"]) / "keys" / "evidence.pem"),
        description="the key that signs the evidence log: a private file (chmod 600), or keyring:NAME for the system's"
        " keyring (else keys/evidence.pem in the state folder, made when first needed)",
        examples=["/etc/beadle/evidence.pem"],
    )
    timestamp_urls: Annotated[tuple[StampAddress, ...], NoDecode, BeforeValidator(words)] = Field(
        default=(),
        description="the addresses of time stamp authorities (RFC 3161), with blanks between; two are wanted",
        examples=["http://timestamp.example.org https://tsa.example.net/tsr"],
    )
    timestamp_roots: Place | None = Field(
        default=None,
        description="a file of the certificates (PEM) that the authorities' time stamps must lead to",
        examples=["/etc/beadle/timestamp-roots.pem"],
    )
    replica: Bucket | None = Field(
        default=None,
        description="the bucket (and prefix) that keeps a second copy of the evidence; without one there is none",
        examples=["s3://city-evidence/beadle"],
    )
    replica_endpoint: HttpsAddress | None = Field(
        default=None,
        description="the address of an S3-compatible store, where it isn't Amazon's",
        examples=["https://s3.example.gov"],
    )
    replica_key_id: Identifier | None = Field(
        default=None, description="the access key id of that store", examples=["AKIAEXAMPLE"]
    )
    replica_key: SecretStr | None = Field(
        default=None,
        description="the secret access key of that store",
        examples=["secret"],
        json_schema_extra={"secret": True},
    )
    replica_lock: Literal["governance", "compliance", "none"] = Field(
        default="governance",
        description="how the copies are locked: governance, compliance or none",
        examples=["governance"],
    )
    replica_lock_days: int = Field(
        default=365,
        ge=1,
        le=36_500,
        description="for how many days each copy is locked, a whole number from 1 to 36500",
        examples=[365],
    )
    media_hashes: Place | None = Field(
        default=None,
        description="a file of SHA-256 or MD5 digests, one a line, of media that must never be copied or shown",
        examples=["/etc/beadle/never-copy.txt"],
    )
    opinion_url: HttpsAddress | None = Field(
        default=None,
        description="the address of an OpenAI-compatible API that is asked for second opinions; without one none is",
        examples=["https://models.example.gov/v1"],
    )
    opinion_key: SecretStr | None = Field(
        default=None,
        description="the key of that API, if it has one",
        examples=["sk-..."],
        json_schema_extra={"secret": True},
    )
    opinion_kind: Literal["moderation", "chat"] = Field(
        default="moderation", description="which of its endpoints is asked: moderation or chat", examples=["moderation"]
    )
    opinion_model: Identifier | None = Field(
        default=None, description="the model that is asked, as the API names it", examples=["omni-moderation-latest"]
    )
    opinion_timeout_s: float = Field(
        default=10,
        ge=1,
        le=60,
        allow_inf_nan=False,
        description="the seconds that one answer may take, from 1 to 60",
        examples=[10],
    )
    opinion_ask_from: float = Field(
        default=0.2,
        ge=0.05,
        lt=0.5,
        allow_inf_nan=False,
        description="the score from which a cleared comment is in doubt, from 0.05 to below 0.5",
        examples=[0.2],
    )
    opinion_dollars_a_day: Decimal | None = Field(
        default=None,
        ge=0,
        le=10_000,
        allow_inf_nan=False,
        description="the most dollars that second opinions may cost in a day, from 0 to 10000",
        examples=["1.50"],
    )
    opinion_dollars_per_million: Decimal | None = Field(
        default=None,
        ge=0,
        le=10_000,
        allow_inf_nan=False,
        description="what a million tokens cost, in dollars, from 0 (nothing) to 10000; chat must name it",
        examples=["0.60"],
    )
    opinion_calls_a_day: int = Field(
        default=5_000,
        ge=1,
        le=1_000_000,
        description="the most second opinions in a day, a whole number from 1 to 1000000",
        examples=[5000],
    )

    webhook_listen: Listen | None = Field(
        default=None,
        description="the host and port on which platforms' webhooks are received, behind the city's TLS proxy; without"
        " one none is, and pages are polled",
        examples=["127.0.0.1:8443"],
    )
    webhook_secret: SecretStr | None = Field(
        default=None,
        description="the secret that signs the webhooks (Meta's app secret), or a JSON object of them by platform",
        examples=["secret"],
        json_schema_extra={"secret": True},
    )
    webhook_verify_token: SecretStr | None = Field(
        default=None,
        description="the verify token that was given to Meta with the webhook's address",
        examples=["secret"],
        json_schema_extra={"secret": True},
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment and nothing else: a ``.env`` that happens to lie about is not read."""
        return (init_settings, env_settings)

    def secrets(self) -> tuple[str, ...]:
        """Every value that must appear in no log: token and key, and the passwords inside the addresses."""
        known = (
            self.slack_token,
            self.slack_app_token,
            self.slack_signing_secret,
            self.opinion_key,
            self.replica_key,
            self.webhook_secret,
            self.webhook_verify_token,
        )
        keys = [part for key in known if key for part in secret_parts(key.get_secret_value())]
        urls = (self.database_url, self.smtp_url, self.imap_url)
        passwords = (part for url in urls if url for part in _passwords(url.get_secret_value()))
        return tuple(dict.fromkeys(value for value in (*keys, *passwords) if value))


def _passwords(url: str) -> tuple[str, ...]:
    """The password of an address as it is written and as it is meant."""
    try:
        written = urlsplit(url).password
    except ValueError:  # an address that can't be taken apart is a secret as a whole
        return (url,)
    return (written, unquote(written)) if written else ()
