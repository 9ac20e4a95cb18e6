"""The only place where adapters are built and handed to the use cases."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Protocol, runtime_checkable

import redis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from application.accounts import Accounts
from application.api_keys import ApiKeys
from application.credits import Credits
from application.expiry import Expiry
from application.fetching import Fetching
from application.jobs import Jobs
from application.notices import Notices
from application.payments import PayloadKeys, Payments
from application.ports import Mailer
from application.projections.registry import PROJECTIONS
from application.purchases import Purchases
from application.reconciling import Reconciling
from application.retention import Retention, Terms
from application.rules import RULES
from application.stagers import BatchStager, Stager
from application.staging import Staging
from application.standing import Standing
from application.uploads import Uploads
from application.webhooks import Webhooks
from infrastructure.accounts.api_keys import PostgresApiKeys
from infrastructure.accounts.credentials import PostgresCredentials
from infrastructure.accounts.passwords import Argon2Passwords
from infrastructure.accounts.sessions import PostgresSessions
from infrastructure.accounts.tokens import PostgresTokens
from infrastructure.delivering.signed_links import SignedLinks
from infrastructure.event_store.anchor_files import AnchorFiles
from infrastructure.event_store.anchoring import Anchoring
from infrastructure.event_store.keyring import Keyring
from infrastructure.event_store.mapper import EventMapper
from infrastructure.event_store.reader import LogReader, Watermark
from infrastructure.event_store.store import EventSourcedStore
from infrastructure.following.following import Following
from infrastructure.following.wake import Wake
from infrastructure.imaging.local_darkroom import LocalDarkroom
from infrastructure.mail.outbox import Outbox
from infrastructure.mail.smtp import Server, SmtpMailer
from infrastructure.outside.fetching import LinkFetcher
from infrastructure.outside.posting import SignedPoster
from infrastructure.payments.notices import SignedNotices
from infrastructure.payments.payload_keys import KeyringPayloadKeys
from infrastructure.payments.sandbox_payments import Posted, SandboxPayments, sandbox_secret
from infrastructure.payments.sandbox_till import PostgresTill
from infrastructure.payments.stripe_payments import StripePayments
from infrastructure.postgres.database import Database
from infrastructure.projections.engine import Projector
from infrastructure.projections.rebuilder import Rebuilder
from infrastructure.reactions.bell import Bell
from infrastructure.reactions.requests import PostgresReactionRequests
from infrastructure.reactions.writer import ReactionWriter
from infrastructure.records.expiring_lots import PostgresExpiringLots
from infrastructure.records.leftovers import PostgresLeftovers
from infrastructure.records.picture_uses import PostgresPictureUses
from infrastructure.records.purchases import PostgresPurchaseRecords
from infrastructure.records.security_log import PostgresSecurityLog
from infrastructure.records.submissions import PostgresSubmissions
from infrastructure.records.traces import PostgresTraces
from infrastructure.records.uploads import PostgresUploadRecords
from infrastructure.records.webhooks import PostgresWebhookRecords
from infrastructure.requests.recorded_answers import RecordedAnswers
from infrastructure.settings import Environment, Settings
from infrastructure.staging.calls import PostgresProviderCalls
from infrastructure.staging.sealing import KeyringSealer
from infrastructure.storage.incoming import ObjectIncoming
from infrastructure.storage.object_store import object_store
from infrastructure.storage.patient_pictures import PatientPictures
from infrastructure.storage.pictures import ObjectPictures

REDIS_TIMEOUT = 2.0
"""Seconds until Redis counts as away; nothing waits for it longer."""
WEBHOOK = "/api/v1/webhooks/stripe"


@runtime_checkable
class Closable(Protocol):
    """What holds something that should be let go in order."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class Container:
    """Everything a process needs, built once from its settings."""

    settings: Settings
    database: Database
    redis: "redis.Redis"
    wake: Wake
    keyring: Keyring
    mapper: EventMapper
    store: EventSourcedStore
    pictures: ObjectPictures
    darkroom: LocalDarkroom
    stager: Stager
    accounts: Accounts
    api_keys: ApiKeys
    standing: Standing
    uploads: Uploads
    jobs: Jobs
    staging: Staging
    credits: Credits
    retention: Retention
    expiry: Expiry
    fetching: Fetching
    signed_links: SignedLinks
    webhooks: Webhooks
    payments: Payments
    payload_keys: PayloadKeys
    purchases: Purchases
    notices: Notices
    reconciling: Reconciling
    recorded_answers: RecordedAnswers
    security_log: PostgresSecurityLog

    def open(self) -> None:
        """Begin to connect. Nothing fails here when a server is away; health tells."""
        self.database.open()

    def close(self) -> None:
        if isinstance(self.stager, Closable):
            self.stager.close()
        self.darkroom.close()
        self.payments.close()
        self.database.close()
        self.wake.close()
        self.redis.close()


def build(settings: Settings, *, stager: Stager | None = None) -> Container:
    """The adapters that the settings ask for, or another stager. Nothing connects before `open`."""
    database = Database(settings.database_url, size=settings.database_pool)
    client = redis.Redis.from_url(
        settings.redis_url, socket_connect_timeout=REDIS_TIMEOUT, socket_timeout=REDIS_TIMEOUT
    )
    keyring = Keyring(database, settings.master_key_bytes, settings.master_key_previous_bytes)
    mapper = EventMapper(keyring)
    wake = Wake(client)
    store = EventSourcedStore(database, mapper, on_commit=wake)
    pictures = ObjectPictures(settings.object_store_url)
    patient = PatientPictures(settings.object_store_url)
    records = PostgresUploadRecords(database, keyring)
    darkroom = LocalDarkroom()
    signed_links = SignedLinks(settings.app_url, settings.auth_secret)
    incoming = ObjectIncoming(object_store(settings.object_store_url), signed_links)
    uploads = Uploads(
        clock=database, darkroom=darkroom, pictures=pictures, records=records, incoming=incoming
    )
    stager, batches = (stager, None) if stager else _stager(settings, database, client, darkroom)
    submissions = PostgresSubmissions(database, store, keyring)
    jobs = Jobs(store=store, clock=database, uploads=records, submissions=submissions, stager=stager)
    giving = Credits(store, database)
    payments = _payments(settings, database)
    payload_keys = KeyringPayloadKeys(keyring)
    purchase_records = PostgresPurchaseRecords(database)
    purchases = Purchases(
        store=store, clock=database, payments=payments, records=purchase_records, app_url=settings.app_url
    )
    notices = Notices(store=store, clock=database, payments=payments, keys=payload_keys, purchases=purchases)
    sessions = PostgresSessions(database, keyring)
    api_keys = PostgresApiKeys(database, keyring)
    requests = PostgresReactionRequests(database)
    traces = PostgresTraces(database, keyring)
    return Container(
        settings=settings,
        database=database,
        redis=client,
        wake=wake,
        keyring=keyring,
        mapper=mapper,
        store=store,
        pictures=pictures,
        darkroom=darkroom,
        stager=stager,
        accounts=Accounts(
            store=store,
            credentials=PostgresCredentials(database),
            passwords=Argon2Passwords(),
            sessions=sessions,
            api_keys=api_keys,
            tokens=PostgresTokens(database),
            mailer=_mailer(settings),
            requests=requests,
            claim_key=settings.claim_key_bytes,
            app_url=settings.app_url,
        ),
        api_keys=ApiKeys(store, database, api_keys),
        standing=Standing(store, database, sessions, api_keys, traces),
        uploads=uploads,
        credits=giving,
        expiry=Expiry(giving, database, PostgresExpiringLots(database)),
        jobs=jobs,
        webhooks=Webhooks(
            store=store,
            clock=database,
            records=PostgresWebhookRecords(database, keyring),
            requests=requests,
            poster=SignedPoster(),
        ),
        signed_links=signed_links,
        fetching=Fetching(
            store=store, links=LinkFetcher(), uploads=replace(uploads, pictures=patient), jobs=jobs
        ),
        staging=Staging(
            store=store,
            pictures=patient,
            stager=stager,
            jobs=jobs,
            calls=PostgresProviderCalls(database),
            sealer=KeyringSealer(keyring),
            batches=batches,
        ),
        retention=Retention(
            store=store,
            clock=database,
            uploads=records,
            pictures=pictures,
            uses=PostgresPictureUses(database),
            terms=Terms(
                originals=timedelta(days=settings.originals_days),
                results=timedelta(days=settings.results_days),
            ),
            leftovers=PostgresLeftovers(database, security_log_days=settings.security_log_days),
            incoming=incoming,
            traces=traces,
        ),
        payments=payments,
        payload_keys=payload_keys,
        purchases=purchases,
        notices=notices,
        reconciling=Reconciling(
            store=store,
            clock=database,
            payments=payments,
            records=purchase_records,
            purchases=purchases,
            notices=notices,
        ),
        recorded_answers=RecordedAnswers(database, keyring),
        security_log=PostgresSecurityLog(database),
    )


def anchoring(settings: Settings, database: Database) -> Anchoring:
    """What signs and exports the log's anchors."""
    return Anchoring(
        database,
        Watermark(settings.direct_url),
        anchor_files(settings),
        Ed25519PrivateKey.from_private_bytes(settings.anchor_key_bytes),
    )


def anchor_files(settings: Settings) -> AnchorFiles:
    return AnchorFiles(object_store(settings.anchors_url or settings.object_store_url))


def anchors_public_key(settings: Settings) -> Ed25519PublicKey:
    """With which everybody can check what we sign."""
    return Ed25519PrivateKey.from_private_bytes(settings.anchor_key_bytes).public_key()


def _stager(
    settings: Settings, database: Database, client: redis.Redis, darkroom: LocalDarkroom
) -> tuple[Stager, BatchStager | None]:
    if not settings.google_api_key:
        return darkroom, None
    from infrastructure.staging.choosing import gemini  # noqa: PLC0415 - half of a start-up, for those with a key

    return gemini(settings, database=database, client=client, darkroom=darkroom)


def _mailer(settings: Settings) -> Mailer:
    if not settings.smtp_url:
        return Outbox(Path(settings.outbox))
    always_encrypted = settings.app_env is not Environment.DEVELOPMENT
    return SmtpMailer(Server.at(settings.smtp_url), settings.mail_from, always_encrypted=always_encrypted)


def _payments(settings: Settings, database: Database) -> Payments:
    if settings.sandbox:
        return SandboxPayments(
            PostgresTill(database),
            sandbox_secret(settings.auth_secret),
            settings.app_url,
            Posted(f"{settings.app_url.rstrip('/')}{WEBHOOK}"),
        )
    signed = SignedNotices(settings.stripe_webhook_secrets, livemode=settings.stripe_livemode)
    return StripePayments(settings.stripe_secret_key, signed, api=settings.stripe_api_url)


def following(container: Container) -> Following:
    """The followers of the log: one per projection, and the one that writes down what must happen next."""
    return Following(
        direct_url=container.settings.direct_url,
        redis_url=container.settings.redis_url,
        reader=LogReader(container.mapper),
        consumers=[
            *(Projector(projection) for projection in PROJECTIONS),
            ReactionWriter(RULES, Bell(container.redis)),
        ],
    )


def followers() -> Mapping[str, frozenset[str] | None]:
    """Everything that follows the log, by name, with the names of the events that it wants (None for all)."""
    return {
        **{projection.table.versioned_name: projection.events for projection in PROJECTIONS},
        ReactionWriter.name: frozenset().union(*(rule.events for rule in RULES)),
    }


def rebuilder(container: Container) -> Rebuilder:
    """Does the rebuilds that were asked for over the API."""
    return Rebuilder(PROJECTIONS, direct_url=container.settings.direct_url)
