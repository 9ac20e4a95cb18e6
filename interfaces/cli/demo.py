"""`stage demo`: the main job from end to end as a client would do it, on everything real."""

import os
import re
import secrets
import time
import zipfile
from collections.abc import Callable
from contextlib import ExitStack
from email import message_from_bytes, policy
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, TypeVar
from uuid import UUID, uuid4

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from domain.credit_ledger import TRIAL_CREDITS
from domain.job_errors import PHOTOS_PER_JOB
from infrastructure import settings, wiring
from infrastructure.imaging.contact_sheet import contact_sheet
from infrastructure.processes.signals import ending_in_order
from infrastructure.telemetry import configure_logging
from interfaces.cli.client import ApiClient, ApiRefused
from interfaces.cli.errors import CommandFailed
from interfaces.cli.local import Local, running
from interfaces.cli.named_files import named_files
from interfaces.cli.statement import statement_table

SAMPLES = Path(__file__).parents[2] / "samples"
PATIENCE = 120.0
"""Seconds that one step may take before the demo gives up."""
GLANCE = 0.1
"""Seconds between two looks."""

T = TypeVar("T")


class DemoFailed(CommandFailed):
    """A step did not end as it must; the message says which and why."""


def demo(*photos: Path, named: str = "", out: Path = Path("out"), folder: Path = Path(".stage")) -> None:
    """Stage photos from end to end: register, verify, upload, submit, watch, download.

    Parameters:
        photos: Your own photos, up to 30; without any, three samples of empty rooms.
        named: More of them in one text, as a shell would be told: quoted, or with wildcards.
        out: Where the results are put: the photos, the ZIP and a contact sheet.
        folder: Where the data and logs are kept.
    """
    configure_logging("error", "demo")
    chosen = _chosen([*photos, *named_files(named)])
    _make_folder(out)
    console = Console(highlight=False, soft_wrap=True)
    with ending_in_order(), ExitStack() as stack:
        with console.status("Starting PostgreSQL, Valkey, API, follower and worker …"):
            local = stack.enter_context(running(folder))
        _say(console, f"Started PostgreSQL, Valkey, API, follower and worker; data and logs are in {folder}")
        client = stack.enter_context(ApiClient(local.url))
        _sign_up(client, local, len(chosen), console)
        job = _stage(client, chosen, console)
        _deliver(client, job, out, console)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=out):
            pass
    except OSError as error:
        raise DemoFailed(f"the results cannot be put into {out}: {error.strerror}") from None


def _upload(client: ApiClient, photo: Path) -> str:
    try:
        return client.upload(photo)
    except ApiRefused as refusal:
        raise DemoFailed(f"{photo}: {refusal}") from None


def _sign_up(client: ApiClient, local: Local, photos: int, console: Console) -> None:
    email, password = f"demo-{secrets.token_hex(4)}@example.com", secrets.token_urlsafe(16)
    user_id = client.register(email, password, "Demo")
    client.confirm(_wait_for("the verification mail", lambda: _mailed_token(local.outbox, email)))
    client.sign_in(email, password)
    _say(console, f"Registered {email}, verified it from the outbox: {TRIAL_CREDITS} trial credits")
    if (missing := photos - TRIAL_CREDITS) > 0:
        _grant(local, UUID(user_id), missing)
        _say(console, f"Granted {missing} promo credits more, as an operator would")


def _stage(client: ApiClient, photos: list[Path], console: Console) -> dict[str, Any]:
    uploads = [_upload(client, photo) for photo in photos]
    job_id = client.submit(uploads, "enhance", "Demo")
    _say(console, f"Uploaded {len(photos)} photos and submitted them as job {job_id}")
    job = _watch(client, job_id, console)
    if job["status"] != "completed":
        outcomes = ", ".join(f"{photo['name']}: {photo['code']}" for photo in job["photos"])
        raise DemoFailed(f"the job ended as {job['status']} ({outcomes})")
    return job


def _deliver(client: ApiClient, job: dict[str, Any], out: Path, console: Console) -> None:
    archive, photos, sheet = out / "stage-in-seconds.zip", out / "photos", out / "contact-sheet.png"
    client.download(f"/jobs/{job['job_id']}/download", archive)
    _extract(archive, photos)
    sheet.write_bytes(
        contact_sheet(
            _pairs(client, job), title="Stage in Seconds", subtitle="Before, and after the darkroom"
        )
    )
    console.print()
    console.print(statement_table(list(client.pages("/billing/statement")), client.get("/billing/credits")))
    console.print(f"\n  Photos         {photos.resolve()}")
    console.print(f"  ZIP            {archive.resolve()}")
    console.print(f"  Before, after  {sheet.resolve()}")


def _chosen(photos: list[Path]) -> list[Path]:
    chosen = photos or sorted(SAMPLES.glob("*.jpg"))
    if missing := [str(photo) for photo in chosen if not photo.is_file()]:
        raise DemoFailed(f"there is no such photo: {', '.join(missing)}")
    if unreadable := [str(photo) for photo in chosen if not os.access(photo, os.R_OK)]:
        raise DemoFailed(f"may not be read: {', '.join(unreadable)}")
    if not 1 <= len(chosen) <= PHOTOS_PER_JOB:
        raise DemoFailed(f"a job takes 1 to {PHOTOS_PER_JOB} photos, and these are {len(chosen)}")
    return chosen


def _mailed_token(outbox: Path, email: str) -> str | None:
    """The verification token mailed to this address, if the mail is there yet."""
    for file in outbox.glob("*.eml"):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        if mail["To"] == email and (found := re.search(r"token=([\w-]+)", mail.get_content())):
            return found.group(1)
    return None


def _grant(local: Local, user_id: UUID, credits: int) -> None:
    container = wiring.build(settings.load(local.environment))
    container.open()
    try:
        container.credits.grant_promo(uuid4(), user_id=user_id, credits=credits, reference="demo")
    finally:
        container.close()


def _watch(client: ApiClient, job_id: str, console: Console) -> dict[str, Any]:
    """Show each photo's progress until the job has ended; the job as it then is."""
    columns = (
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        tasks: dict[str, TaskID] = {}

        def look() -> dict[str, Any] | None:
            job: dict[str, Any] = client.get(f"/jobs/{job_id}")
            for photo in job["photos"]:
                photo_id, status = photo["photo_id"], photo["status"]
                if photo_id not in tasks:
                    tasks[photo_id] = progress.add_task("", total=1)
                progress.update(
                    tasks[photo_id],
                    description=f"{escape(photo['name'])}  {status}",
                    completed=int(status != "pending"),
                )
            return job if job["ended_at"] else None

        return _wait_for("the job", look)


def _extract(archive: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(archive) as opened:
        if (broken := opened.testzip()) is not None:
            raise DemoFailed(f"{archive} is broken at {broken}")
        opened.extractall(folder)


def _pairs(client: ApiClient, job: dict[str, Any]) -> list[tuple[str, bytes, bytes]]:
    """Name, original and result of each staged photo."""
    return [
        (photo["name"], client.picture(photo["links"]["original"]), client.picture(photo["links"]["result"]))
        for photo in job["photos"]
        if photo["status"] == "staged"
    ]


def _wait_for(what: str, look: Callable[[], T | None]) -> T:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if (found := look()) is not None:
            return found
        time.sleep(GLANCE)
    raise DemoFailed(f"waited {PATIENCE:.0f} seconds for {what}")


def _say(console: Console, fact: str) -> None:
    console.print(f"[green]✓[/] {fact}")
