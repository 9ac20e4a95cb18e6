"""The whole product as `stage up` runs it, once for all tests here, and a customer who has had a job done."""

import secrets
from collections.abc import Iterator

import pytest

from interfaces.cli.client import ApiClient
from interfaces.cli.local import Local, running
from tests.e2e.customers import PASSWORD, PHOTOS, Customer, Delivered, done, mailed_token, photo
from tests.folders import removed_with_its_servers


@pytest.fixture(scope="package")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    with removed_with_its_servers(tmp_path_factory.mktemp("e2e")) as folder, running(folder) as local:
        yield local


@pytest.fixture(scope="package")
def delivered(local: Local, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivered]:
    """Registered, verified from the mail, signed in; two photos uploaded, submitted, staged and downloaded."""
    folder = tmp_path_factory.mktemp("customer")
    with ApiClient(local.url) as client:
        ada = Customer(f"{secrets.token_hex(8)}@example.com", client)
        client.register(ada.email, PASSWORD, "Ada Lovelace")
        client.confirm(mailed_token(local.outbox, ada.email))
        client.sign_in(ada.email, PASSWORD)
        for number, name in enumerate(PHOTOS):
            (folder / name).write_bytes(photo(number))
        uploads = [client.upload(folder / name) for name in PHOTOS]
        job_id = client.submit(uploads, "enhance", "12 Elm Street")
        job = done(client, job_id)
        archive = folder / "photos.zip"
        client.download(f"/jobs/{job_id}/download", archive)
        yield Delivered(ada, job, archive)
