"""The environment is read whole, explained when it is wrong, and described where people look."""

import base64
import re
from pathlib import Path

import pytest

from infrastructure.settings import Environment, SettingsInvalid, descriptions, load

ROOT = Path(__file__).parents[2]
KEY = base64.b64encode(bytes(32)).decode()
ENVIRONMENT = {
    "DATABASE_URL": "postgresql:///stage",
    "REDIS_URL": "redis://localhost",
    "OBJECT_STORE_URL": "file:///tmp/pictures",
    "OUTBOX": "/tmp/outbox",
    "AUTH_SECRET": "s" * 32,
    "MASTER_KEY": KEY,
    "CLAIM_KEY": KEY,
    "ANCHOR_KEY": KEY,
}
PAYING = {
    "GOOGLE_API_KEY": "a key",
    "STRIPE_SECRET_KEY": "sk_test_1",
    "STRIPE_WEBHOOK_SECRET": "whsec_1",
}
LIVE = {**PAYING, "APP_ENV": "production", "STRIPE_SECRET_KEY": "sk_live_1"}
MAILING = {"SMTP_URL": "smtp://apikey:secret@mail.example:587", "MAIL_FROM": "Stage <hello@stage.example>"}


def test_what_is_not_given_has_its_default() -> None:
    settings = load(ENVIRONMENT)
    assert (settings.app_env, settings.port, settings.worker_threads) == (Environment.DEVELOPMENT, 4000, 8)
    assert (settings.metrics_port, settings.metrics_host) == (0, "127.0.0.1")
    assert settings.direct_url == "postgresql:///stage"
    assert settings.origins == []


def test_text_becomes_what_it_stands_for() -> None:
    settings = load({**ENVIRONMENT, "PORT": "80", "CORS_ORIGINS": "https://a.example, https://b.example,"})
    assert settings.port == 80
    assert settings.origins == ["https://a.example", "https://b.example"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        ({"PORT": "four thousand"}, "PORT: Expected `int`"),
        ({"PORT": "70000"}, "PORT: "),
        ({"METRICS_PORT": "-1"}, "METRICS_PORT: "),
        ({"METRICS_PORT": "65535"}, "METRICS_PORT: "),
        ({"APP_ENV": "test"}, "APP_ENV: "),
        ({"AUTH_SECRET": "short"}, "AUTH_SECRET must have 32 characters"),
        ({"MASTER_KEY": "not base64!"}, "MASTER_KEY must be base64"),
        ({"CLAIM_KEY": "c2hvcnQ="}, "CLAIM_KEY must be 32 bytes"),
        ({"APP_URL": "ftp://example.com"}, "APP_URL must begin with http"),
        ({"CORS_ORIGINS": "*"}, "CORS_ORIGINS must list origins"),
        ({"CORS_ORIGINS": "https://a.example/path"}, "CORS_ORIGINS must list origins"),
        ({"OUTBOX": ""}, "OUTBOX is not set"),
        ({"APP_ENV": "production"}, "GOOGLE_API_KEY is not set"),
        (
            {"APP_ENV": "staging", "GOOGLE_API_KEY": "a key", "GOOGLE_API_URL": "http://localhost:1"},
            "GOOGLE_API_URL is for development",
        ),
        (
            {"APP_ENV": "staging", "GOOGLE_API_KEY": "a key"},
            "STRIPE_SECRET_KEY is not set; only in development a sandbox",
        ),
        ({"APP_ENV": "production", **PAYING}, "STRIPE_SECRET_KEY is a test key"),
        ({**PAYING, "STRIPE_SECRET_KEY": "sk_live_1"}, "STRIPE_SECRET_KEY is a live key"),
        ({**PAYING, "STRIPE_SECRET_KEY": "pk_test_1"}, "STRIPE_SECRET_KEY must begin with sk_test_"),
        ({**PAYING, "STRIPE_WEBHOOK_SECRET": ""}, "STRIPE_WEBHOOK_SECRET is not set"),
        ({**PAYING, "STRIPE_WEBHOOK_SECRET_PREVIOUS": "secret"}, "must begin with whsec_"),
        (
            {**LIVE, "STRIPE_API_URL": "https://stripe.example"},
            "STRIPE_API_URL must be https://api.stripe.com",
        ),
        (LIVE, "SMTP_URL is not set; only in development mail lands in a folder"),
        ({**LIVE, **MAILING, "SMTP_URL": "mail.example:587"}, "SMTP_URL must be like smtp://"),
        ({**MAILING, "SMTP_URL": "smtps://apikey:gehäim@mail.example"}, "SMTP_URL must be like smtp://"),
        ({**MAILING, "MAIL_FROM": ""}, "MAIL_FROM must be like"),
        ({**MAILING, "MAIL_FROM": "Stage in Seconds"}, "MAIL_FROM must be like"),
        ({**MAILING, "MAIL_FROM": "hello@stage.example\nBcc: eve@example.com"}, "MAIL_FROM must be like"),
    ],
)
def test_a_wrong_variable_is_named_with_what_would_be_right(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsInvalid, match=re.escape(said)):
        load({**ENVIRONMENT, **given})


def test_with_everything_real_it_runs_for_strangers() -> None:
    live = load({**ENVIRONMENT, **LIVE, **MAILING, "OUTBOX": ""})
    assert (live.app_env, live.stripe_livemode, live.sandbox) == (Environment.PRODUCTION, True, False)
    staging = {**ENVIRONMENT, **PAYING, **MAILING, "APP_ENV": "staging"}
    assert load(staging).app_env is Environment.STAGING


def test_without_a_key_payments_go_to_the_sandbox() -> None:
    assert load(ENVIRONMENT).sandbox
    paying = load({**ENVIRONMENT, **PAYING, "STRIPE_WEBHOOK_SECRET_PREVIOUS": "whsec_0"})
    assert (paying.sandbox, paying.stripe_livemode) == (False, False)
    assert paying.stripe_webhook_secrets == ["whsec_1", "whsec_0"]


def test_secrets_are_not_shown() -> None:
    shown = repr(load(ENVIRONMENT))
    assert "s" * 32 not in shown
    assert KEY not in shown


def test_the_example_lists_every_variable_with_its_default() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name, (description, default) in descriptions().items():
        line = f"{name}=" if default is None else f"# {name}={default}"
        assert f"# {description}.\n{line}\n" in example
    assert len(re.findall(r"^(?:# )?[A-Z_]+=", example, re.MULTILINE)) == len(descriptions())


def test_the_readme_describes_every_variable() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, (description, default) in descriptions().items():
        assert (
            f"| `{name}` | {description} | {f'`{default}`' if default else '' if default == '' else 'must be set'} |"
            in readme
        )
