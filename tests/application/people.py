"""People and jobs that the stories begin with."""

import itertools
from collections.abc import Sequence
from uuid import UUID, uuid5

from domain.brief import Brief, Preset
from domain.credit_ledger import CreditLedger
from domain.job_photo import Provenance
from domain.personal import Personal
from domain.photo_job import PhotoJob
from tests.fakes.bootstrap import Program
from tests.fakes.darkroom import a_photo

ANN, BOB = UUID(int=1), UUID(int=2)
JOB, OTHER_JOB = UUID(int=11), UUID(int=12)
PASSWORD = "a long enough password"
ENHANCE = Brief(Preset.ENHANCE)
_UPLOADS = itertools.count()


def register(
    program: Program, user: UUID = ANN, email: str = "ann@example.com", password: str = PASSWORD
) -> UUID:
    program.accounts.register(user, email=Personal(email), password=password, name=Personal("Ann"))
    return user


def mailed_token(program: Program, user: UUID = ANN, email: str = "ann@example.com") -> str:
    """A verification mail is sent, and its link followed."""
    program.accounts.send_verification(user, message_id=uuid5(user, str(len(program.world.tokens))))
    return program.mailer.to(email)[-1].text.partition("token=")[2].split()[0]


def with_credits(program: Program, credits: int, user: UUID = ANN) -> CreditLedger:
    """The user registers, and is given so many credits."""
    register(program, user, f"user-{user.int}@example.com")
    program.credits.grant_promo(uuid5(user, "welcome"), user_id=user, credits=credits, reference="welcome")
    return ledger_of(program, user)


def ledger_of(program: Program, user: UUID = ANN) -> CreditLedger:
    return program.store.get(CreditLedger, CreditLedger.id_for(user))


def available(program: Program, user: UUID = ANN) -> int:
    return ledger_of(program, user).available(program.clock.now())


def upload(program: Program, count: int = 1, user: UUID = ANN) -> list[UUID]:
    """The user sends so many different photos."""
    ids = [uuid5(user, f"upload {next(_UPLOADS)}") for _ in range(count)]
    for number, upload_id in enumerate(ids):
        program.uploads.add(
            upload_id, user_id=user, name=f"room {number}.jpg", photo=a_photo(f"room {upload_id}")
        )
    return ids


def submit(program: Program, uploads: Sequence[UUID], job: UUID = JOB, user: UUID = ANN) -> PhotoJob:
    program.jobs.submit(job, user_id=user, photos=uploads, brief=ENHANCE)
    return the_job(program, job)


def the_job(program: Program, job: UUID = JOB) -> PhotoJob:
    return program.store.get(PhotoJob, job)


def deliver(program: Program, photo: UUID, job: UUID = JOB) -> None:
    """The stager is done with a photo."""
    provenance = Provenance("marked", "1", input_sha256="aa", output_sha256="bb", milliseconds=5)
    program.jobs.record_staged(job, photo, "bb", "image/jpeg", provenance)


def names(program: Program, *streams: UUID) -> list[str]:
    """What happened, everywhere or to these aggregates, in order."""
    return [recorded.name for recorded in program.world.log if not streams or recorded.stream_id in streams]


def provenance(original: str) -> Provenance:
    """Of a picture that some engine made of this original."""
    return Provenance(
        engine="marked", version="1", input_sha256=original, output_sha256="result", milliseconds=1
    )
