"""Altered pictures: labelled variants, links for everybody, and the page and ZIP that disclose them."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from infrastructure.wiring import Container
from tests.fakes.darkroom import MarkedStager
from tests.interfaces.rest.conftest import User, Users, picture, quickly_built, served

SIZE = (1000, 700)


@pytest.fixture
def container(settings: Any) -> Container:
    """Its stager takes every preset; tests deliver the results themselves."""
    built = quickly_built(settings)
    return replace(built, jobs=replace(built.jobs, stager=MarkedStager()))


@dataclass
class Altered:
    """A job of Ada's with one altered picture, and what anybody sees who is not signed in."""

    ada: User
    job_id: str

    @property
    def photo_id(self) -> str:
        (photo,) = self.ada.get(f"/jobs/{self.job_id}").json()["photos"]
        found: str = photo["photo_id"]
        return found

    def links(self, **wanted: Any) -> dict[str, Any]:
        answer = self.ada.post(f"/jobs/{self.job_id}/links", wanted)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def open(self, url: str, **headers: str) -> Any:
        """As a stranger, somewhere on the internet."""
        self.ada.client.cookies.clear()
        parts = urlsplit(url)
        return self.ada.client.get(f"{parts.path}?{parts.query}", headers=headers)


@pytest.fixture
def altered(ada: User) -> Altered:
    upload = ada.upload(picture("white", SIZE), "Wohnzimmer.jpg")
    job = ada.post(
        "/jobs",
        {"photos": [{"upload_id": upload}], "brief": {"preset": "stage", "room_type": "living_room"}},
    ).json()["job_id"]
    ada.stage(job, picture("white", SIZE))
    return Altered(ada, job)


@pytest.fixture
def client(container: Container) -> Iterator[Any]:
    with served(container) as client:
        yield client


def shown(answer: Any) -> Image.Image:
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content)).convert("RGB")


def darkest(image: Image.Image) -> int:
    lowest, _ = image.convert("L").getextrema()
    return int(str(lowest))


def test_a_labelled_variant_says_so_in_its_corner(altered: Altered) -> None:
    path = f"/jobs/{altered.job_id}/photos/{altered.photo_id}"
    whole, small = (altered.ada.get(f"{path}/labelled{query}") for query in ("", "?size=400"))

    assert (shown(whole).size, shown(small).size) == (SIZE, (400, 280))
    assert darkest(shown(whole).crop((0, 600, 300, 700))) < 90
    assert darkest(shown(whole).crop((0, 0, 1000, 600))) > 240
    assert "living-room-1-staged-labelled.jpg" in whole.headers["content-disposition"]
    again = altered.ada.get(f"{path}/labelled", headers={"If-None-Match": whole.headers["etag"]})
    assert again.status_code == 304


def test_what_is_not_altered_has_nothing_to_disclose(ada: User) -> None:
    job_id = ada.submit()
    ada.stage(job_id)
    (photo,) = ada.get(f"/jobs/{job_id}").json()["photos"]

    for path in (f"photos/{photo['photo_id']}/labelled", "disclosure"):
        answer = ada.get(f"/jobs/{job_id}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (409, "not_altered")
    told = ada.post(f"/jobs/{job_id}/links", {}).json()
    assert (told["disclosure"], told["photos"][0]["labelled"]) == (None, None)


def test_signed_links_show_every_picture_to_whoever_has_them(altered: Altered) -> None:
    told = altered.links()
    (photo,) = told["photos"]

    assert shown(altered.open(photo["original"])).size == SIZE
    assert shown(altered.open(photo["result"])).size == SIZE
    assert shown(altered.open(photo["labelled"])).size == SIZE
    sizes = {size: max(shown(altered.open(url)).size) for size, url in photo["previews"].items()}
    assert sizes == {"200": 200, "400": 400, "800": 800, "1600": 1000, "2400": 1000}
    assert {max(shown(altered.open(url)).size) for url in photo["labelled_previews"].values()} == {
        200,
        400,
        800,
        1000,
    }


def test_what_a_signed_link_leads_to_may_be_cached_and_embedded_until_it_ends(altered: Altered) -> None:
    answer = altered.open(altered.links(expires_in=86_400)["photos"][0]["previews"]["400"])

    found = re.fullmatch(r"public, max-age=(\d+), immutable", answer.headers["cache-control"])
    assert found
    assert 86_400 - 60 <= int(found[1]) <= 90_000
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    mine = altered.ada.get(f"/jobs/{altered.job_id}/photos/{altered.photo_id}/result")
    assert mine.headers["cache-control"].startswith("private")


def test_without_a_good_signature_nobody_sees_anything(altered: Altered) -> None:
    url = altered.links()["photos"][0]["original"]

    for changed, status in (
        (url.partition("?")[0], 401),
        (url[:-2], 403),
        (url + "&size=400", 403),
        (url + "&expires=9999999999", 403),
        (url.replace("/original", "/result"), 403),
    ):
        assert altered.open(changed).status_code == status, changed


def test_a_signed_link_opens_no_other_route(altered: Altered) -> None:
    query = urlsplit(altered.links()["photos"][0]["original"]).query

    assert altered.open(f"/api/v1/jobs/{altered.job_id}?{query}").status_code == 401
    assert altered.open(f"/api/v1/jobs/{altered.job_id}/download?{query}").status_code == 401


def test_links_end_with_their_job(altered: Altered) -> None:
    told = altered.links()
    altered.ada._request("DELETE", f"/jobs/{altered.job_id}")
    altered.ada.followers.catch_up()

    assert altered.open(told["photos"][0]["result"]).status_code == 404
    assert altered.open(told["disclosure"]).status_code == 404


def test_nobody_signs_links_to_somebody_elses_job(altered: Altered, users: Users) -> None:
    bob = users.join("bob@example.com")

    assert bob.post(f"/jobs/{altered.job_id}/links", {}).status_code == 404


def test_the_disclosure_page_leads_to_the_unaltered_original(altered: Altered) -> None:
    page = altered.open(altered.links()["disclosure"])

    assert page.headers["content-type"].startswith("text/html")
    assert "Virtually staged" in page.text
    assert "script" not in page.text
    assert "<svg" in page.text
    links = [link.replace("&amp;", "&") for link in re.findall(r'(?:src|href)="(https?://[^"]+)"', page.text)]
    assert len(links) == 3
    assert all(shown(altered.open(link)) for link in links)
    assert "style-src 'sha256-" in page.headers["content-security-policy"]


def test_names_on_the_page_are_text(ada: User) -> None:
    upload = ada.upload(picture("white"), "<script>alert(1)</script>.jpg")
    job = ada.post("/jobs", {"photos": [{"upload_id": upload}], "brief": {"preset": "declutter"}}).json()[
        "job_id"
    ]
    ada.stage(job)

    assert "<script" not in ada.get(f"/jobs/{job}/disclosure").text


def test_the_zip_of_altered_pictures_holds_what_must_be_published_with_them(altered: Altered) -> None:
    content = altered.ada.get(f"/jobs/{altered.job_id}/download").content
    archive = zipfile.ZipFile(io.BytesIO(content))

    assert archive.testzip() is None
    assert archive.namelist() == [
        "manifest.json",
        "disclosure.html",
        "living-room-1-staged.jpg",
        "originals/living-room-1-original.jpg",
        "labelled/living-room-1-staged-labelled.jpg",
    ]
    (told,) = json.loads(archive.read("manifest.json"))["photos"]
    assert {told["file"], told["labelled_file"], told["original_file"]} < set(archive.namelist())
    page = archive.read("disclosure.html").decode()
    beside = re.findall(r'src="([^"]+)"', page)
    assert set(beside) == {told["labelled_file"], told["original_file"]}
    assert shown(altered.open(told["original_url"])).size == SIZE
    assert altered.ada.get(f"/jobs/{altered.job_id}/download").content == content
