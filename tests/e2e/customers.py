"""Customers as a test of the whole product has them: their photos, their mail, their devices."""

import io
import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from interfaces.cli.client import TIMEOUT, ApiClient
from interfaces.cli.local import Local
from tests.faults.waiting import wait_until

PASSWORD = "a long walk in the rain"
PHOTOS = ("kitchen.jpg", "garden room.jpg")
ORIENTATION, GPS = 0x0112, 0x8825
"""Tags of Exif."""


def photo(number: int) -> bytes:
    """A dim room, taken upright by a camera that lies on its side and knows where it is."""
    width, height = 480, 320
    light = np.linspace(20, 120, width)[None, :, None] + np.linspace(0, 40, height)[:, None, None]
    grain = np.random.default_rng(number).normal(0, 4, (height, width, 3))
    tags = Image.Exif()
    tags[ORIENTATION] = 6
    tags[GPS] = {1: "N", 2: (48.0, 8.0, 0.0), 3: "E", 4: (11.0, 34.0, 0.0)}
    file = io.BytesIO()
    Image.fromarray(np.clip(light * (1.0, 0.9, 0.7) + grain, 0, 255).astype(np.uint8)).save(
        file, "JPEG", quality=90, exif=tags
    )
    return file.getvalue()


@dataclass(frozen=True)
class Customer:
    email: str
    client: ApiClient


@dataclass(frozen=True)
class Delivered:
    """What a customer has of a job that is done."""

    customer: Customer
    job: Any
    archive: Path


def mailed_token(outbox: Path, email: str) -> str:
    """From the mail to this address, once it has come."""
    found: list[str] = []

    def mailed() -> bool:
        for file in outbox.glob("*.eml"):
            mail = message_from_bytes(file.read_bytes(), policy=policy.default)
            if mail["To"] == email:
                found.extend(re.findall(r"token=([\w-]+)", mail.get_content()))
        return bool(found)

    wait_until(mailed, f"a mail to {email}")
    return found[0]


def done(client: ApiClient, job_id: str) -> Any:
    """The job, once it has ended and everything that shows it and its credits knows."""
    wait_until(lambda: client.get(f"/jobs/{job_id}")["ended_at"], f"job {job_id} has ended")
    wait_until(lambda: client.get("/billing/credits")["held"] == 0, "its credits are settled")
    wait_until(lambda: next(client.pages("/billing/statement"))["kind"] == "settled", "the statement says so")
    return client.get(f"/jobs/{job_id}")


def signed_in(local: Local, email: str) -> httpx.Client:
    """Another device of theirs."""
    api = f"{local.url}/api/v1"
    known = {"email": email, "password": PASSWORD, "transport": "bearer"}
    answer = httpx.post(f"{api}/auth/sign-in", json=known, timeout=TIMEOUT).raise_for_status()
    return httpx.Client(
        base_url=api, timeout=TIMEOUT, headers={"Authorization": f"Bearer {answer.json()['token']}"}
    )
