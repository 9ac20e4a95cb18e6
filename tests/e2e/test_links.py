"""Links in the running product: those that lead inside fail their photo, and nothing else."""

import secrets
from pathlib import Path

import httpx

from interfaces.cli.client import ApiClient
from interfaces.cli.local import Local
from tests.e2e.customers import PASSWORD, done, mailed_token, photo, signed_in
from tests.faults.waiting import wait_until

INSIDE = ("https://localhost./kitchen.jpg", "https://169.254.169.254/latest/meta-data/")


def test_a_job_with_links_that_lead_inside_delivers_the_rest_and_charges_for_it_alone(
    local: Local, tmp_path: Path
) -> None:
    (tmp_path / "hall.jpg").write_bytes(photo(7))
    email = f"{secrets.token_hex(8)}@example.com"
    with ApiClient(local.url) as client:
        client.register(email, PASSWORD, "Grace Hopper")
        client.confirm(mailed_token(local.outbox, email))
        client.sign_in(email, PASSWORD)
        upload = client.upload(tmp_path / "hall.jpg")
        with signed_in(local, email) as device:
            hook = {"url": "https://hooks.example.invalid/stage", "events": ["job.completed"]}
            endpoint_id = device.post("/me/webhooks", json=hook).raise_for_status().json()["endpoint_id"]
            wanted = [{"url": INSIDE[0]}, {"upload_id": upload}, {"url": INSIDE[1]}]
            job = {"photos": wanted, "brief": {"preset": "enhance"}}
            answer = device.post("/jobs", json=job).raise_for_status()
            job_id = answer.json()["job_id"]
            known = {"Wait-For-Position": answer.headers["Event-Position"]}
            device.get(f"/jobs/{job_id}", headers=known).raise_for_status()

            shown = done(client, job_id)

            assert shown["status"] == "completed"
            assert [(one["status"], one["code"]) for one in shown["photos"]] == [
                ("failed", "link_refused"),
                ("staged", None),
                ("failed", "link_refused"),
            ]
            assert client.get("/billing/credits")["available"] == 2
            wait_until(lambda: attempts(device, endpoint_id), "the webhook was tried")
            assert attempts(device, endpoint_id)[0]["error"] == "unreachable", "there is no such name"


def attempts(device: httpx.Client, endpoint_id: str) -> list[dict[str, str]]:
    """Of the one message to an endpoint."""
    deliveries = device.get(f"/me/webhooks/{endpoint_id}/deliveries").raise_for_status().json()["items"]
    return [attempt for delivery in deliveries for attempt in delivery["attempts"]]
