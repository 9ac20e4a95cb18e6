"""Accounts: registering, proving the address, which brings the trial, signing in, and what a user may change."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from unicodedata import normalize
from uuid import UUID
from zoneinfo import available_timezones

from application.errors import (
    AccountSuspended,
    NotFound,
    PasswordTooWeak,
    PasswordWrong,
    SessionOver,
    SignInRefused,
    TokenInvalid,
    UnknownTimeZone,
    VersionMismatch,
)
from application.ports import (
    ApiKeyRecords,
    Credential,
    Credentials,
    Mail,
    Mailer,
    Passwords,
    ReactionRequests,
    Sessions,
    Store,
    Tokens,
)
from application.reactions import Reaction
from application.retrying import retried
from application.rules import SEND_RESET, SEND_VERIFICATION
from domain.credit_ledger import CreditLedger
from domain.email_claim import AddressMalformed, EmailClaim, claim_id
from domain.errors import Conflict
from domain.personal import Personal
from domain.user import Role, User

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200
"""In characters. Length is asked for, not a mix of signs (NIST SP 800-63B, 3.1.1.2)."""
SESSION_LIFETIME = timedelta(days=30)
VERIFICATION_LIFETIME = timedelta(hours=24)
RESET_LIFETIME = timedelta(hours=1)
_VERIFICATION, _RESET = "verify-email", "reset-password"


@dataclass(frozen=True)
class Accounts:
    store: Store
    credentials: Credentials
    passwords: Passwords
    sessions: Sessions
    api_keys: ApiKeyRecords
    tokens: Tokens
    mailer: Mailer
    requests: ReactionRequests
    claim_key: bytes
    app_url: str

    @retried
    def register(
        self, user_id: UUID, *, email: Personal, password: str, name: Personal, time_zone: str = "UTC"
    ) -> None:
        """Open an account with an empty ledger; repeated with the same id, it changes nothing.

        Raises AddressMalformed, AddressTaken, PasswordTooWeak, NameTooLong or UnknownTimeZone, or Conflict once
        that account was erased.
        """
        _check_password(password)
        _check_time_zone(time_zone)
        claim = claim_id(email, self.claim_key)
        if earlier := self.store.find(User, user_id):
            if earlier.erased:
                raise Conflict(user_id)
            return
        if (address := self.store.find(EmailClaim, claim)) is None:
            address = EmailClaim.claim(claim, user_id)
        else:
            address.claim_again(user_id)
        user = User.register(user_id, email=email, name=name, claim_id=claim, time_zone=time_zone)
        credential = Credential(user_id, self.passwords.hash(_as_typed_anywhere(password)))
        with self.store.transaction():
            self.credentials.put(claim, credential)
            self.store.save(user, address, CreditLedger.open(user_id))

    def ask_for_verification(self, user_id: UUID, message_id: UUID) -> None:
        """Have a fresh link mailed that proves the user's address; with the same id, it is one mail."""
        self.requests.ask(
            message_id, Reaction(SEND_VERIFICATION, "", {"user_id": str(user_id)}), owner=user_id
        )

    def send_verification(self, user_id: UUID, message_id: UUID) -> None:
        """Mail a fresh link that proves the address. An address already proved gets none. Raises MailRefused."""
        user = self.store.get(User, user_id)
        if user.email_verified or not user.active:
            return
        token = self.tokens.issue(_VERIFICATION, user_id, VERIFICATION_LIFETIME)
        self.mailer.send(
            Mail(
                message_id=message_id,
                to=user.email,
                subject="Confirm your address for Stage in Seconds",
                text=(
                    "Welcome to Stage in Seconds.\n\n"
                    "Open this link within 24 hours to confirm your address and get your free credits:\n\n"
                    f"{self.app_url}/verify?token={token}\n\n"
                    "If you did not ask for this, you need not do anything.\n"
                ),
            )
        )

    @retried
    def confirm_verification(self, token: str) -> UUID:
        """Prove an address with its token; the mailbox's first time grants the trial. Raises TokenInvalid."""
        with self.store.transaction():
            user = self.store.get(User, self.tokens.redeem(_VERIFICATION, token))
            if user.erased:  # their mailbox may be somebody else's by now
                raise TokenInvalid
            address = self.store.get(EmailClaim, user.claim_id)
            ledger = self.store.get(CreditLedger, CreditLedger.id_for(user.id))
            user.verify_email()
            if not address.trial_used:
                address.use_trial()
                ledger.grant_trial()
            self.store.save(user, address, ledger)
        return user.id

    def sign_in(self, *, email: Personal, password: str, device: str) -> str:
        """A session's token. Raises SignInRefused, or AccountSuspended to whoever knows the password."""
        try:
            credential = self.credentials.find(claim_id(email, self.claim_key))
        except AddressMalformed:
            credential = None
        password_hash = credential.password_hash if credential else None
        matches = self.passwords.matches(_as_typed_anywhere(password), password_hash)
        if credential is None or not matches:
            raise SignInRefused
        if not self.store.get(User, credential.user_id).active:
            raise AccountSuspended
        return self.sessions.open(credential.user_id, device=device, lifetime=SESSION_LIFETIME)

    def ask_for_reset(self, email: Personal, message_id: UUID) -> None:
        """Have a link mailed that sets another password, if there is an account.

        Whether there is one is looked up later, so nobody can tell by the time that this takes. Raises
        AddressMalformed.
        """
        claim = claim_id(email, self.claim_key)
        self.requests.ask(message_id, Reaction(SEND_RESET, "", {"claim_id": str(claim)}), owner=claim)

    def send_reset(self, claim_id: UUID, message_id: UUID) -> None:
        """Mail a link that sets another password, if that mailbox has an account. Raises MailRefused."""
        credential = self.credentials.find(claim_id)
        if credential is None or not (user := self.store.get(User, credential.user_id)).active:
            return
        token = self.tokens.issue(_RESET, user.id, RESET_LIFETIME)
        self.mailer.send(
            Mail(
                message_id=message_id,
                to=user.email,
                subject="Set another password for Stage in Seconds",
                text=(
                    "Open this link within an hour to set another password:\n\n"
                    f"{self.app_url}/reset-password?token={token}\n\n"
                    "If you did not ask for this, you need not do anything; your password stays as it is.\n"
                ),
            )
        )

    @retried
    def reset_password(self, token: str, password: str) -> None:
        """Set another password with a mailed token, and end all sessions and API keys.

        Raises TokenInvalid or PasswordTooWeak.
        """
        _check_password(password)
        password_hash = self.passwords.hash(_as_typed_anywhere(password))
        with self.store.transaction():
            user = self.store.get(User, self.tokens.redeem(_RESET, token))
            if not user.active:
                raise TokenInvalid
            self._replace_password(user, password_hash)

    @retried
    def change_password(self, user_id: UUID, *, current: str, password: str) -> None:
        """Set another password, and end all sessions and API keys. Raises PasswordWrong or PasswordTooWeak."""
        _check_password(password)
        user = self.confirm(user_id, current)
        password_hash = self.passwords.hash(_as_typed_anywhere(password))
        with self.store.transaction():
            self._replace_password(user, password_hash)

    def confirm(self, user_id: UUID, password: str) -> User:
        """The user, if it is they who ask and not only somebody with a session of theirs. Raises PasswordWrong."""
        user = self.store.get(User, user_id)
        credential = self.credentials.find(user.claim_id)
        if not self.passwords.matches(
            _as_typed_anywhere(password), credential.password_hash if credential else None
        ):
            raise PasswordWrong
        return user

    def _replace_password(self, user: User, password_hash: str) -> None:
        """Whoever knew the old one, or has a link to set another, is out."""
        user.change_password()
        self.credentials.put(user.claim_id, Credential(user.id, password_hash))
        self.tokens.withdraw(_RESET, user.id)
        self.sessions.revoke_all(user.id)
        self.api_keys.revoke_all(user.id)
        self.store.save(user)

    @retried
    def change_profile(
        self,
        user_id: UUID,
        *,
        name: Personal | None = None,
        time_zone: str | None = None,
        expected_version: int | None = None,
    ) -> User:
        """The user with another name, time zone or both; None leaves it as it is.

        Raises NameTooLong, UnknownTimeZone, or VersionMismatch when they are not at `expected_version`.
        """
        if time_zone is not None:
            _check_time_zone(time_zone)
        user = self.store.get(User, user_id)
        seen = user.version
        user.change_profile(
            name=user.name if name is None else name,
            time_zone=user.time_zone if time_zone is None else time_zone,
        )
        if expected_version not in (None, seen):
            raise VersionMismatch(expected_version, seen)
        self.store.save(user)
        return user

    def user_at(self, email: Personal) -> UUID:
        """Whoever has registered with this mailbox. Raises AddressMalformed or NotFound."""
        claim = claim_id(email, self.claim_key)
        if (credential := self.credentials.find(claim)) is None:
            raise NotFound(User.__name__, claim)
        return credential.user_id

    @retried
    def appoint(self, user_id: UUID, role: Role, *, dismissed: bool = False) -> User:
        """Give the user a role, or take it away. Raises NotFound."""
        user = self.store.get(User, user_id)
        if dismissed:
            user.revoke_role(role)
        else:
            user.grant_role(role)
        self.store.save(user)
        return user

    def end_session(self, user_id: UUID, session_id: UUID) -> None:
        """Sign one of the user's devices out. Raises NotFound."""
        if not self.sessions.end(user_id, session_id):
            raise NotFound("Session", session_id)

    def refresh(self, token: str) -> None:
        """Let the session last anew; its token stays, so a lost answer signs nobody out. Raises SessionOver."""
        if not self.sessions.extend(token, SESSION_LIFETIME):
            raise SessionOver

    def sign_out(self, token: str) -> None:
        """End the token's session; a token that is not known changes nothing."""
        self.sessions.revoke(token)


def _as_typed_anywhere(password: str) -> str:
    """The same characters, however a keyboard composed them (NIST SP 800-63B, 3.1.1.2)."""
    return normalize("NFKC", password)


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise PasswordTooWeak(SHORTEST_PASSWORD, LONGEST_PASSWORD)


@cache
def time_zones() -> frozenset[str]:
    """Those of the IANA's database as this machine has it, by name."""
    return frozenset(available_timezones() - {"localtime"})  # which is the machine's own


def _check_time_zone(name: str) -> None:
    if name not in time_zones():
        raise UnknownTimeZone
