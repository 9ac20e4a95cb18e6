"""The main job from end to end, over HTTP: photos in, better photos out, and every credit accounted for."""

import io
import json
from hashlib import sha256
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from domain.credit_ledger import TRIAL_CREDITS
from interfaces.cli.client import ApiClient, ApiRefused
from interfaces.cli.local import Local
from tests.e2e.customers import GPS, PHOTOS, Customer, Delivered, signed_in


def opened(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture))


def test_every_photo_of_the_job_is_staged(delivered: Delivered) -> None:
    job = delivered.job
    assert (job["status"], job["group_name"]) == ("completed", "12 Elm Street")
    assert [(one["name"], one["status"]) for one in job["photos"]] == [(name, "staged") for name in PHOTOS]


def test_results_are_upright_and_brighter_than_the_dim_originals(delivered: Delivered) -> None:
    for one in delivered.job["photos"]:
        original = opened(delivered.customer.client.picture(one["links"]["original"]))
        result = opened(delivered.customer.client.picture(one["links"]["result"]))
        assert (original.size, result.size) == ((480, 320), (320, 480)), "shown as it was taken"
        assert np.asarray(result).mean() > np.asarray(original).mean() + 10


def test_originals_do_not_tell_where_they_were_taken(delivered: Delivered) -> None:
    for one in delivered.job["photos"]:
        original = delivered.customer.client.picture(one["links"]["original"])
        assert GPS not in opened(original).getexif()


def test_the_zip_holds_every_result_and_tells_what_was_done(delivered: Delivered) -> None:
    with ZipFile(delivered.archive) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        files = {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"}
    assert sorted(files) == ["garden-room-2-enhanced.jpg", "kitchen-1-enhanced.jpg"]
    for one, shown in zip(manifest["photos"], delivered.job["photos"], strict=True):
        original = delivered.customer.client.picture(shown["links"]["original"])
        result = delivered.customer.client.picture(shown["links"]["result"])
        assert files[one["file"]] == result
        assert one["result_sha256"] == sha256(result).hexdigest()
        assert one["original_sha256"] == sha256(original).hexdigest()
        assert one["engine"] == "darkroom"


def test_the_statement_adds_up(delivered: Delivered) -> None:
    client = delivered.customer.client
    balance = client.get("/billing/credits")
    movements = list(client.pages("/billing/statement"))
    (trial,) = balance["lots"]
    granted = sum(one["change"] for one in movements if one["kind"] == "granted")
    expired = sum(one["expired"] for one in balance["lots"])
    assert granted == balance["available"] + balance["held"] + balance["spent"] + expired
    assert (trial["source"], granted, balance["spent"]) == ("trial", TRIAL_CREDITS, len(PHOTOS))
    assert sum(one["change"] for one in movements) == movements[0]["available"] == balance["available"]
    assert [one["kind"] for one in reversed(movements)] == ["opened", "granted", "held", "settled"]


def test_a_job_that_costs_more_than_is_left_is_refused(delivered: Delivered) -> None:
    client = delivered.customer.client
    uploads = [client.upload(delivered.archive.parent / name) for name in PHOTOS]
    with pytest.raises(ApiRefused) as refused:
        client.submit(uploads, "enhance", "")
    assert refused.value.status == 402
    assert (refused.value.problem["needed"], refused.value.problem["available"]) == (2, 1)
    assert client.get("/billing/credits")["held"] == 0


def test_a_session_that_is_signed_out_is_over_and_others_are_not(local: Local, delivered: Delivered) -> None:
    with (
        signed_in(local, delivered.customer.email) as phone,
        signed_in(local, delivered.customer.email) as tablet,
    ):
        assert phone.post("/auth/sign-out").status_code == 204
        assert phone.get("/me").status_code == 401
        assert tablet.get("/me").json()["email"] == delivered.customer.email


def test_nobody_else_finds_the_job_or_its_pictures(local: Local, delivered: Delivered) -> None:
    with ApiClient(local.url) as client:
        stranger = Customer("eve@example.com", client)
        client.register(stranger.email, "a long walk in the rain", "Eve")
    links = delivered.job["photos"][0]["links"]
    with signed_in(local, stranger.email) as eve:
        paths = [delivered.job["links"]["job"], delivered.job["links"]["download"], *links.values()]
        assert {eve.get(f"{local.url}{path}").status_code for path in paths} == {404}
