"""Customers of a bench with their photos and jobs, made through the use cases rather than over HTTP."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from uuid import UUID, uuid4

from application.accounts import SESSION_LIFETIME
from application.photos import PhotoFacts, TakenIn
from application.pictures import results_of
from domain.brief import Brief, Preset
from domain.job_photo import Provenance
from domain.personal import Personal
from infrastructure.wiring import Container

ENHANCE = Brief.accept(Preset.ENHANCE, None, None, None)


@dataclass(frozen=True)
class Customer:
    user_id: UUID
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class _QuickPasswords:
    """Nobody signs in with them, so they need not be slow."""

    def hash(self, password: str) -> str:
        return sha256(password.encode()).hexdigest()

    def matches(self, password: str, password_hash: str | None) -> bool:
        return password_hash == self.hash(password)


class _TrustingDarkroom:
    """Takes any bytes for a photo: what a bench stores must be large, or many, but is never looked at."""

    def take_in(self, photo: bytes) -> TakenIn:
        return TakenIn(PhotoFacts("image/jpeg", 4032, 3024), photo, photo[:1000], photo[:100])


@dataclass(frozen=True)
class People:
    """Whoever uses the installation behind this container."""

    container: Container

    def join(self, *, credits: int) -> Customer:
        """A new customer, signed in."""
        user_id = uuid4()
        accounts = replace(self.container.accounts, passwords=_QuickPasswords())
        accounts.register(
            user_id,
            email=Personal(f"{user_id.hex}@example.com"),
            password=secrets.token_urlsafe(16),
            name=Personal("A customer"),
        )
        self.container.credits.grant_promo(uuid4(), user_id=user_id, credits=credits, reference="bench")
        token = accounts.sessions.open(user_id, device="bench", lifetime=SESSION_LIFETIME)
        return Customer(user_id, token)

    def upload(self, customer: Customer, photo: bytes, name: str = "living room.jpg") -> UUID:
        upload_id = uuid4()
        uploads = replace(self.container.uploads, darkroom=_TrustingDarkroom())
        uploads.add(upload_id, user_id=customer.user_id, name=name, photo=photo)
        return upload_id

    def submit(self, customer: Customer, uploads: Sequence[UUID]) -> UUID:
        job_id = uuid4()
        self.container.jobs.submit(
            job_id, user_id=customer.user_id, photos=uploads, brief=ENHANCE, group_name=Personal("12 Elm")
        )
        return job_id

    def deliver(self, customer: Customer, job_id: UUID, results: Sequence[bytes]) -> None:
        """Record these as the results of the job's photos, as a worker would."""
        job = self.container.jobs.owned(job_id, customer.user_id)
        for photo, result in zip(job.photos.values(), results, strict=True):
            stored = self.container.pictures.put(customer.user_id, results_of(job_id), result, "image/jpeg")
            made = Provenance("bench", "1", photo.original, stored, milliseconds=3000)
            self.container.jobs.record_staged(job_id, photo.photo_id, stored, "image/jpeg", made)
