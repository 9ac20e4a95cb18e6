"""Wires the use cases with fakes; any of them can be replaced by its name."""

from datetime import timedelta

from application.accounts import Accounts
from application.api_keys import ApiKeys
from application.credits import Credits
from application.expiry import Expiry
from application.fetching import Fetching
from application.jobs import Jobs
from application.notices import Notices
from application.payments import Payments
from application.ports import Darkroom
from application.purchases import Purchases
from application.reconciling import Reconciling
from application.retention import Retention, Terms
from application.stagers import Stager
from application.staging import Staging
from application.standing import Standing
from application.uploads import Uploads
from application.webhooks import Webhooks
from infrastructure.payments.sandbox_payments import SandboxPayments, sandbox_secret
from tests.fakes.accounts import (
    CheapPasswords,
    MemoryApiKeys,
    MemoryCredentials,
    MemorySessions,
    MemoryTokens,
)
from tests.fakes.clock import SettableClock
from tests.fakes.darkroom import MarkedDarkroom, MarkedStager
from tests.fakes.expiring_lots import FoldedExpiringLots
from tests.fakes.incoming import MemoryIncoming
from tests.fakes.leftovers import MemoryLeftovers
from tests.fakes.links import MemoryLinks
from tests.fakes.mailer import KeptMail
from tests.fakes.payments import FoldedPurchaseRecords, MemoryPayloadKeys, MemoryTill
from tests.fakes.picture_uses import FoldedPictureUses
from tests.fakes.provider import MemoryProviderCalls, MemorySealer
from tests.fakes.store import MemoryStore
from tests.fakes.submissions import MemorySubmissions
from tests.fakes.traces import MemoryTraces
from tests.fakes.uploads import MemoryPictures, MemoryUploadRecords
from tests.fakes.webhooks import MemoryPoster, MemoryReactionRequests, MemoryWebhookRecords
from tests.fakes.world import World

APP_URL = "https://stage.test"
CLAIM_KEY = b"a claim key for tests, 32 bytes!"
TERMS = Terms(originals=timedelta(days=365), results=timedelta(days=30))


class Program:
    """The whole program in memory: `Program(stager=MarkedStager(Preset.ENHANCE))` can only enhance."""

    def __init__(
        self,
        *,
        world: World | None = None,
        clock: SettableClock | None = None,
        store: MemoryStore | None = None,
        darkroom: Darkroom | None = None,
        stager: Stager | None = None,
        payments: Payments | None = None,
    ) -> None:
        self.world = world or World()
        self.clock = clock or SettableClock()
        self.store = store or MemoryStore(self.world, self.clock)
        self.credentials = MemoryCredentials(self.world)
        self.passwords = CheapPasswords()
        self.sessions = MemorySessions(self.world, self.clock)
        self.key_records = MemoryApiKeys(self.world)
        self.tokens = MemoryTokens(self.world, self.clock)
        self.mailer = KeptMail()
        self.records = MemoryUploadRecords(self.world, self.clock)
        self.pictures = MemoryPictures()
        self.darkroom = darkroom or MarkedDarkroom()
        self.stager = stager or MarkedStager()
        self.accounts = Accounts(
            store=self.store,
            credentials=self.credentials,
            passwords=self.passwords,
            sessions=self.sessions,
            api_keys=self.key_records,
            tokens=self.tokens,
            mailer=self.mailer,
            requests=MemoryReactionRequests(self.world),
            claim_key=CLAIM_KEY,
            app_url=APP_URL,
        )
        self.traces = MemoryTraces(self.world)
        self.api_keys = ApiKeys(self.store, self.clock, self.key_records)
        self.standing = Standing(self.store, self.clock, self.sessions, self.key_records, self.traces)
        self.incoming = MemoryIncoming(self.clock)
        self.uploads = Uploads(
            clock=self.clock,
            darkroom=self.darkroom,
            pictures=self.pictures,
            records=self.records,
            incoming=self.incoming,
        )
        self.credits = Credits(self.store, self.clock)
        self.expiring = FoldedExpiringLots(self.world)
        self.expiry = Expiry(self.credits, self.clock, self.expiring)
        self.submissions = MemorySubmissions(self.store, self.clock, self.records)
        self.jobs = Jobs(
            store=self.store,
            clock=self.clock,
            uploads=self.records,
            submissions=self.submissions,
            stager=self.stager,
        )
        self.links = MemoryLinks()
        self.fetching = Fetching(store=self.store, links=self.links, uploads=self.uploads, jobs=self.jobs)
        self.webhook_records = MemoryWebhookRecords(self.world)
        self.poster = MemoryPoster()
        self.webhooks = Webhooks(
            store=self.store,
            clock=self.clock,
            records=self.webhook_records,
            requests=MemoryReactionRequests(self.world),
            poster=self.poster,
        )
        self.calls = MemoryProviderCalls()
        self.sealer = MemorySealer()
        self.staging = Staging(self.store, self.pictures, self.stager, self.jobs, self.calls, self.sealer)
        self.uses = FoldedPictureUses(self.world, self.clock)
        self.retention = Retention(
            store=self.store,
            clock=self.clock,
            uploads=self.records,
            pictures=self.pictures,
            uses=self.uses,
            terms=TERMS,
            leftovers=MemoryLeftovers(self.world, self.clock),
            incoming=self.incoming,
            traces=self.traces,
        )
        self.sandbox = SandboxPayments(
            MemoryTill(), sandbox_secret("a test"), APP_URL, deliver=lambda _body, _signature: False
        )
        self.payments: Payments = payments or self.sandbox
        self.payload_keys = MemoryPayloadKeys(self.clock)
        self.purchase_records = FoldedPurchaseRecords(self.world)
        self.purchases = Purchases(
            store=self.store,
            clock=self.clock,
            payments=self.payments,
            records=self.purchase_records,
            app_url=APP_URL,
        )
        self.notices = Notices(
            store=self.store,
            clock=self.clock,
            payments=self.payments,
            keys=self.payload_keys,
            purchases=self.purchases,
        )
        self.reconciling = Reconciling(
            store=self.store,
            clock=self.clock,
            payments=self.payments,
            records=self.purchase_records,
            purchases=self.purchases,
            notices=self.notices,
        )
