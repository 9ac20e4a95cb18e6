"""Erased from the whole product: what was kept of somebody is gone from its disk, and the books still agree."""

import os
import subprocess
import sys
from pathlib import Path

import httpx

from interfaces.cli.client import ApiClient
from interfaces.cli.local import Local
from tests.e2e.customers import PASSWORD, PHOTOS, done, mailed_token, photo, signed_in
from tests.faults.waiting import wait_until
from tests.infrastructure.event_store.dumps import dump

EMAIL, NAME = "leaving@personal.example", "Leonora Leaving"
GROUP = "99 Goodbye Lane"


def stage(local: Local, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "interfaces.cli.main", *arguments]
    environment = {**os.environ, **local.environment}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_nothing_personal_is_left_on_disk_and_the_books_agree(local: Local, tmp_path: Path) -> None:
    with ApiClient(local.url) as client:
        user_id = client.register(EMAIL, PASSWORD, NAME)
        client.confirm(mailed_token(local.outbox, EMAIL))
        client.sign_in(EMAIL, PASSWORD)
        for number, name in enumerate(PHOTOS):
            (tmp_path / name).write_bytes(photo(number + 50))
        done(client, client.submit([client.upload(tmp_path / PHOTOS[0])], "enhance", GROUP))
        client.upload(tmp_path / PHOTOS[1])
        page = client.start_checkout("PACK_20_CREDITS")["url"]
        client.get("/billing/purchases")  # its read model knows of the checkout now
    pictures = Path(local.outbox).with_name("pictures") / "users" / user_id
    assert files(pictures)

    with signed_in(local, EMAIL) as device:
        erased = device.request("DELETE", "/me", json={"password": PASSWORD})
        assert (erased.status_code, erased.json()["credits_forfeited"]) == (200, 2)
        assert device.get("/me").status_code == 401
    wait_until(lambda: not files(pictures), "all pictures are gone")
    wait_until(lambda: "expired" in httpx.get(page).text, "the checkout cannot be paid", glance=0.3)

    personal = (EMAIL, NAME, GROUP)
    after = dump(local.environment["DATABASE_OWNER_URL"])
    assert [text for text in personal if text in after or text.encode().hex() in after] == []
    logs = [file for file in local.outbox.parent.rglob("*.log") if "postgres" not in file.parts]
    assert {file.stem for file in logs} >= {"serve", "follow", "work"}
    told = "".join(file.read_text(errors="replace") for file in logs)
    assert user_id in told
    assert [text for text in (*personal, *PHOTOS, PASSWORD) if text in told] == []

    replayed = stage(local, "events", "show", user_id)
    assert (replayed.returncode, "User.Erased" in replayed.stdout) == (0, True)
    assert [text for text in personal if text in replayed.stdout] == []
    assert stage(local, "events", "anchor").returncode == 0
    verified = stage(local, "events", "verify", "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    folded = stage(local, "projections", "verify", "--all", "--json")
    assert folded.returncode == 0, folded.stdout + folded.stderr


def files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]
