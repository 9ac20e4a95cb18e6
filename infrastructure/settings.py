"""Everything that can be configured, read from the environment once and never changed after."""

import base64
import os
import re
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_network
from typing import Annotated, Any, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from infrastructure.mail.message import domain
from infrastructure.mail.smtp import Server

_ORIGIN = re.compile(r"https?://[\w.-]+(:\d+)?")
_LIVE_KEYS = ("sk_live_", "rk_live_")
_TEST_KEYS = ("sk_test_", "rk_test_")
"""How Stripe's keys begin, whole and restricted ones."""
STRIPE = "https://api.stripe.com"
SECRET_LENGTH = 32
"""The shortest secret, in characters or bytes."""


class Environment(StrEnum):
    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class SettingsInvalid(Exception):
    """The environment cannot be used as it is; the message says which variable and what it should be."""


class Settings(Struct, frozen=True, kw_only=True):
    """The variables of `.env.example`, by their lower-case names. Secrets are never shown."""

    app_env: Annotated[Environment, Meta(description="development, staging or production")] = (
        Environment.DEVELOPMENT
    )
    app_url: Annotated[str, Meta(description="The public address, as users see it")] = "http://localhost:4000"
    port: Annotated[int, Meta(ge=0, le=65535, description="Where the API listens; 0 takes a free one")] = 4000
    host: Annotated[str, Meta(description="The address the API listens on")] = "127.0.0.1"
    metrics_port: Annotated[
        int,
        Meta(
            ge=0,
            le=65534,
            description="Where `stage follow` serves /metrics to Prometheus, and `stage serve` one port above; 0 for "
            "nowhere",
        ),
    ] = 0
    metrics_host: Annotated[
        str, Meta(description="The address they serve them on; an internal one, since anybody may ask there")
    ] = "127.0.0.1"
    cors_origins: Annotated[
        str, Meta(description="Origins of browser apps that may call the API, separated by commas")
    ] = ""
    database_url: Annotated[str, Meta(description="PostgreSQL as the role stage_app; may be a pooler")]
    database_direct_url: Annotated[
        str, Meta(description="The same without a pooler, for followers; DATABASE_URL if not given")
    ] = ""
    database_owner_url: Annotated[
        str, Meta(description="PostgreSQL as the role stage_owner, for migrations only")
    ] = ""
    database_pool: Annotated[int, Meta(ge=2, description="Connections per process at the most")] = 16
    redis_url: Annotated[str, Meta(description="Redis or Valkey, for bells and wake-up calls; holds nothing")]
    object_store_url: Annotated[
        str, Meta(description="Where pictures are kept: file://, s3://, gs:// or az://")
    ]
    smtp_url: Annotated[
        str,
        Meta(description="Where mail is handed in: smtp://user:password@host:587, or smtps:// for port 465"),
    ] = ""
    mail_from: Annotated[
        str, Meta(description="Whom mail is from, an address with a name or without; needed with SMTP_URL")
    ] = ""
    outbox: Annotated[
        str, Meta(description="In development without SMTP_URL, the folder in which mail lands")
    ] = ""
    auth_secret: Annotated[str, Meta(description="Signs links and cookies; 32 characters or more")]
    master_key: Annotated[str, Meta(description="Wraps the users' data keys; 32 bytes in base64")]
    master_key_previous: Annotated[
        str, Meta(description="MASTER_KEY's predecessor, while `stage keys rotate` replaces it; base64")
    ] = ""
    claim_key: Annotated[
        str, Meta(description="Makes the ids of e-mail claims; 32 bytes in base64, never changed")
    ]
    anchor_key: Annotated[
        str,
        Meta(description="Signs the log's anchors (Ed25519); 32 bytes in base64, kept out of the database"),
    ]
    anchors_url: Annotated[
        str,
        Meta(
            description="Where anchors are exported: file://, s3://, gs:// or az://; by the pictures if not given"
        ),
    ] = ""
    google_api_key: Annotated[
        str,
        Meta(description="Has photos staged by Gemini; in development the local darkroom does without it"),
    ] = ""
    google_api_url: Annotated[
        str, Meta(description="In development, another address of Gemini's API, such as a stand-in's")
    ] = ""
    staging_models: Annotated[
        str, Meta(description="Another registry of image models than infrastructure/staging/models.toml")
    ] = ""
    staging_seconds: Annotated[
        float, Meta(gt=0, description="Seconds that one call to an image model may take")
    ] = 120.0
    staging_daily_usd: Annotated[
        int,
        Meta(ge=0, description="US dollars that image models may cost a day (UTC), of all workers together"),
    ] = 200
    stripe_secret_key: Annotated[
        str,
        Meta(description="Stripe's secret key; in development without it, payments go to a local sandbox"),
    ] = ""
    stripe_public_key: Annotated[
        str, Meta(description="Stripe's publishable key, for apps that ask for it")
    ] = ""
    stripe_webhook_secret: Annotated[
        str, Meta(description="What Stripe signs its messages to us with: whsec_…")
    ] = ""
    stripe_webhook_secret_previous: Annotated[
        str, Meta(description="The one before, taken as well while it is being replaced")
    ] = ""
    stripe_api_url: Annotated[
        str, Meta(description="Stripe's address; another one only for a stand-in, never in production")
    ] = STRIPE
    originals_days: Annotated[
        int, Meta(ge=1, description="Days for which originals are kept after their job has ended")
    ] = 365
    results_days: Annotated[
        int, Meta(ge=1, description="Days for which results are kept after their job has ended")
    ] = 365
    security_log_days: Annotated[
        int, Meta(ge=30, description="Days for which the security log is kept, 30 at the least")
    ] = 90
    heartbeat_seconds: Annotated[
        float, Meta(gt=0, description="Seconds after which a silent stream of events shows that it is alive")
    ] = 15.0
    streams_per_user: Annotated[
        int, Meta(ge=1, description="Streams of events that a user may have open in one process")
    ] = 20
    trusted_proxies: Annotated[
        str, Meta(description="Addresses or networks of proxies whose X-Forwarded-For is believed, by commas")
    ] = ""
    rate_sign_in: Annotated[
        int, Meta(ge=1, description="Sign-ins and sign-ups a minute, by e-mail address and by IP")
    ] = 5
    rate_jobs: Annotated[int, Meta(ge=1, description="New jobs a minute, by user")] = 10
    rate_uploads: Annotated[int, Meta(ge=1, description="Uploads a minute, by user")] = 120
    rate_billing: Annotated[int, Meta(ge=1, description="Checkouts and the like a minute, by user")] = 20
    rate_pictures: Annotated[int, Meta(ge=1, description="Pictures and streams a minute, by user or IP")] = (
        1000
    )
    rate_other: Annotated[int, Meta(ge=1, description="All other requests a minute, by user or IP")] = 300
    worker_threads: Annotated[int, Meta(ge=1, description="Reactions performed at once by one worker")] = 8
    log_level: Annotated[str, Meta(description="debug, info, warning or error")] = "info"

    def __repr__(self) -> str:
        return f"Settings(app_env={self.app_env.value!r}, …)"

    @property
    def direct_url(self) -> str:
        return self.database_direct_url or self.database_url

    @property
    def direct_variable(self) -> str:
        """Which variable `direct_url` comes from."""
        return "DATABASE_DIRECT_URL" if self.database_direct_url else "DATABASE_URL"

    @property
    def origins(self) -> list[str]:
        return [origin.strip() for origin in self.cors_origins.split(",") if origin.strip()]

    @property
    def proxies(self) -> list[str]:
        return [proxy.strip() for proxy in self.trusted_proxies.split(",") if proxy.strip()]

    @property
    def sandbox(self) -> bool:
        """Whether payments go to the local sandbox."""
        return not self.stripe_secret_key

    @property
    def stripe_livemode(self) -> bool:
        """Whether real money moves."""
        return self.stripe_secret_key.startswith(_LIVE_KEYS)

    @property
    def stripe_webhook_secrets(self) -> list[str]:
        secrets = (self.stripe_webhook_secret, self.stripe_webhook_secret_previous)
        return [secret for secret in secrets if secret]

    @property
    def master_key_bytes(self) -> bytes:
        return _key("MASTER_KEY", self.master_key)

    @property
    def master_key_previous_bytes(self) -> bytes | None:
        return _key("MASTER_KEY_PREVIOUS", self.master_key_previous) if self.master_key_previous else None

    @property
    def claim_key_bytes(self) -> bytes:
        return _key("CLAIM_KEY", self.claim_key)

    @property
    def anchor_key_bytes(self) -> bytes:
        return _key("ANCHOR_KEY", self.anchor_key)


RATES = tuple(name.upper() for name in Settings.__struct_fields__ if name.startswith("rate_"))
"""The variables that limit how often something may be asked."""


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that these variables make. Raises SettingsInvalid; unset and empty are the same."""
    given = {
        name: value
        for name in Settings.__struct_fields__
        if (value := environment.get(name.upper(), "").strip())
    }
    try:
        settings = msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsInvalid(_explained(str(error))) from None
    _check(settings)
    return settings


def descriptions() -> dict[str, tuple[str, str | None]]:
    """Each variable's description and default (None where it must be given), in the order of `Settings`."""
    hints = get_type_hints(Settings, include_extras=True)
    return {
        field.name.upper(): (_meta(hints[field.name]), _default(field.default))
        for field in msgspec.structs.fields(Settings)
    }


def _meta(hint: Any) -> str:
    return next(
        str(one.description) for one in hint.__metadata__ if isinstance(one, Meta) and one.description
    )


def _default(default: Any) -> str | None:
    if default is msgspec.NODEFAULT:
        return None
    return str(default.value) if isinstance(default, Environment) else str(default)


def _explained(problem: str) -> str:
    """Name the variable as the environment knows it, and never show its value."""
    if problem.startswith("Object missing required field `"):
        return f"{problem.split('`')[1].upper()} is not set; .env.example describes it"
    what, _, where = problem.partition(" - at `$.")
    return f"{where.rstrip('`').upper()}: {what}; .env.example describes it"


def _check(settings: Settings) -> None:
    if len(settings.auth_secret) < SECRET_LENGTH:
        raise SettingsInvalid(f"AUTH_SECRET must have {SECRET_LENGTH} characters or more")
    _key("MASTER_KEY", settings.master_key)
    if settings.master_key_previous:
        _key("MASTER_KEY_PREVIOUS", settings.master_key_previous)
    _key("CLAIM_KEY", settings.claim_key)
    _key("ANCHOR_KEY", settings.anchor_key)
    if urlsplit(settings.app_url).scheme not in ("http", "https"):
        raise SettingsInvalid("APP_URL must begin with http:// or https://")
    for origin in settings.origins:  # with `*`, any page could act as whoever is signed in
        if not _ORIGIN.fullmatch(origin):
            raise SettingsInvalid("CORS_ORIGINS must list origins such as https://app.example.com")
    for proxy in settings.proxies:
        try:
            ip_network(proxy)
        except ValueError:
            raise SettingsInvalid("TRUSTED_PROXIES must list addresses or networks: 10.0.0.0/8") from None
    _check_stager(settings)
    _check_payments(settings)
    _check_mail(settings)


def _check_stager(settings: Settings) -> None:
    """Outside development photos go to the real Gemini, or nowhere."""
    if settings.app_env is Environment.DEVELOPMENT:
        return
    if not settings.google_api_key:
        raise SettingsInvalid("GOOGLE_API_KEY is not set; only development stages photos without it")
    if settings.google_api_url:
        raise SettingsInvalid("GOOGLE_API_URL is for development: photos go to the real Gemini only")


def _check_payments(settings: Settings) -> None:
    """A stand-in must never serve strangers, and real money never moves but in production."""
    if settings.sandbox:
        if settings.app_env is not Environment.DEVELOPMENT:
            raise SettingsInvalid(
                "STRIPE_SECRET_KEY is not set; only in development a sandbox takes its place"
            )
        return
    if not settings.stripe_secret_key.startswith(_LIVE_KEYS + _TEST_KEYS):
        raise SettingsInvalid("STRIPE_SECRET_KEY must begin with sk_test_, rk_test_, sk_live_ or rk_live_")
    production = settings.app_env is Environment.PRODUCTION
    if production and not settings.stripe_livemode:
        raise SettingsInvalid("STRIPE_SECRET_KEY is a test key; in production it must be a live one")
    if settings.stripe_livemode and not production:
        raise SettingsInvalid("STRIPE_SECRET_KEY is a live key; only APP_ENV=production may move real money")
    if production and settings.stripe_api_url != STRIPE:
        raise SettingsInvalid(f"STRIPE_API_URL must be {STRIPE} in production")
    for secret in settings.stripe_webhook_secrets:
        if not secret.startswith("whsec_"):
            raise SettingsInvalid("STRIPE_WEBHOOK_SECRET and _PREVIOUS must begin with whsec_")
    if not settings.stripe_webhook_secret:
        raise SettingsInvalid("STRIPE_WEBHOOK_SECRET is not set; without it no payment can be believed")


def _check_mail(settings: Settings) -> None:
    """Outside development mail goes to those whom it is for."""
    development = settings.app_env is Environment.DEVELOPMENT
    if settings.smtp_url:
        try:
            Server.at(settings.smtp_url)
        except ValueError:
            raise SettingsInvalid(
                "SMTP_URL must be like smtp://user:password@host:587 or smtps://…"
            ) from None
    elif not development:
        raise SettingsInvalid("SMTP_URL is not set; only in development mail lands in a folder")
    elif not settings.outbox:
        raise SettingsInvalid(
            "OUTBOX is not set; in development without SMTP_URL it names the folder in which mail lands"
        )
    if settings.smtp_url and not domain(settings.mail_from):
        raise SettingsInvalid("MAIL_FROM must be like Stage in Seconds <hello@example.com>")


def _key(name: str, value: str) -> bytes:
    try:
        key = base64.b64decode(value, validate=True)
    except ValueError:
        raise SettingsInvalid(f"{name} must be base64") from None
    if len(key) != SECRET_LENGTH:
        raise SettingsInvalid(f"{name} must be {SECRET_LENGTH} bytes in base64: openssl rand -base64 32")
    return key
