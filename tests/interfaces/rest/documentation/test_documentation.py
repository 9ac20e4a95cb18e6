"""The API's description: true, complete, and readable without the internet."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from interfaces.rest.errors.table import ANSWERS


@pytest.fixture(scope="session")
def document(shared: Any) -> Any:
    return shared.client.get("/api/v1/openapi.json").json()


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_document_is_openapi_and_names_every_operation_once(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) >= 17


def test_everything_that_is_referred_to_is_there(document: Any) -> None:
    for reference in re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(document)):
        assert reference in document["components"]["schemas"]


def test_every_operation_is_told_and_has_an_example_of_every_body(document: Any) -> None:
    for path, method, operation in operations(document):
        assert operation["summary"], path
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            for name, media in body.get("content", {}).items():
                if "json" in name:
                    assert "example" in media or media["examples"], (path, method, name)


def test_every_example_is_what_its_schema_says(document: Any) -> None:
    schemas = document["components"]["schemas"]
    for path, method, operation in operations(document):
        for body in [operation.get("requestBody", {}), *operation["responses"].values()]:
            for media in body.get("content", {}).values():
                examples = [one["value"] for one in media.get("examples", {}).values()]
                for example in [*examples, *([media["example"]] if "example" in media else [])]:
                    assert wrong(example, media["schema"], schemas) == [], (path, method)


def test_errors_are_documented_as_problems_with_known_codes(document: Any) -> None:
    statuses = {known.code: known.status for known in ANSWERS.values()}
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) >= 400 and not path.startswith("/api/v1/health"):
                assert list(response["content"]) == ["application/problem+json"], (path, method, status)
                for code in response["content"]["application/problem+json"]["examples"]:
                    assert statuses[code] == int(status)


def test_what_needs_a_session_says_so(document: Any) -> None:
    for path, method, operation in operations(document):
        assert bool(operation["security"]) == ("not_signed_in" in json.dumps(operation)), (path, method)
    assert document["components"]["securitySchemes"]["cookie"]["name"] == "session"


def test_what_a_signed_link_opens_says_so(document: Any) -> None:
    opened = {
        (method, path.removeprefix("/api/v1"))
        for path, method, operation in operations(document)
        if {"link": []} in operation["security"]
    }
    photo = "/jobs/{job_id}/photos/{photo_id}"

    assert opened == {
        ("put", "/uploads/{upload_id}/content"),
        ("get", "/jobs/{job_id}/disclosure"),
        *(("get", f"{photo}/{picture}") for picture in ("original", "result", "preview", "labelled")),
    }
    put = document["paths"]["/api/v1/uploads/{upload_id}/content"]["put"]
    assert put["security"] == [{"link": []}]  # a session opens other doors


def test_the_length_of_a_reason_is_told(document: Any) -> None:
    for schema in ("Adjust", "Suspend"):
        reason = document["components"]["schemas"][schema]["properties"]["reason"]
        assert (reason["minLength"], reason["maxLength"]) == (1, 200)


def test_time_zones_are_listed_for_programs_and_not_for_people(document: Any, stranger: httpx.Client) -> None:
    schemas = document["components"]["schemas"]
    listed = schemas["Register"]["properties"]["time_zone"]["enum"]

    assert {"Europe/London", "UTC"} <= set(listed)
    assert "localtime" not in listed
    assert schemas["ChangeMe"]["properties"]["time_zone"]["enum"] == [*listed, None]
    assert "Antarctica" not in stranger.get("/docs").text


def test_limits_of_what_may_be_null_are_told(document: Any) -> None:
    schemas = document["components"]["schemas"]
    url, days = (
        schemas["PhotoWanted"]["properties"]["url"],
        schemas["KeyWanted"]["properties"]["expires_in_days"],
    )

    assert (url["minLength"], url["maxLength"]) == (1, 2_048)
    assert (days["minimum"], days["maximum"]) == (1, 365)


def test_headers_of_problems_and_parts_are_told(document: Any) -> None:
    for path, method, operation in operations(document):
        told = {
            status: set(response.get("headers", {})) for status, response in operation["responses"].items()
        }
        for status, names in {
            "206": {"Accept-Ranges", "Content-Range", "ETag"},
            "304": {"ETag"},
            "401": {"WWW-Authenticate"},
            "415": {"Accept-Encoding"},
            "416": {"Content-Range"},
            "429": {"Retry-After"},
            "503": {"Retry-After"},
        }.items():
            if status in told and not path.endswith("/ready"):
                assert names <= told[status], (path, method, status)


def test_what_can_be_had_in_parts_says_so(document: Any) -> None:
    for path, method, operation in operations(document):
        takes_range = "Range" in {parameter["name"] for parameter in operation.get("parameters", [])}
        assert ({"206", "416"} <= set(operation["responses"])) == takes_range, (path, method)


def test_examples_of_requests_are_readable(document: Any, resident: Any) -> None:
    for path, method, operation in operations(document):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body:
            answer = resident.client.request(method, path, json=body["example"], headers=resident.headers)
            assert answer.json().get("code") not in {"validation_failed", "malformed_json"}, path


def test_real_answers_are_what_the_document_says(document: Any, ada: Any, photo: bytes) -> None:
    job_id = ada.submit()
    ada.stage(job_id, photo)
    for path in ("/me", "/presets", "/jobs", "/jobs/{job_id}", "/billing/credits", "/billing/statement"):
        answer = ada.get(path.format(job_id=job_id))
        said = document["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]["application/json"]
        assert wrong(answer.json(), said["schema"], document["components"]["schemas"]) == [], path


def test_the_page_shows_every_operation_and_every_code(document: Any, stranger: httpx.Client) -> None:
    answer = stranger.get("/docs")

    assert answer.headers["content-type"].startswith("text/html")
    for path, _, operation in operations(document):
        assert f'id="{operation["operationId"]}"' in answer.text
        assert path in answer.text
    for known in ANSWERS.values():
        assert f'id="problem-{known.code}"' in answer.text


def test_the_page_loads_nothing_from_anywhere(stranger: httpx.Client) -> None:
    page = stranger.get("/docs")

    assert (
        re.findall(r"(?:https?:)?//[\w.-]+", re.sub(r"<pre>.*?</pre>", "", page.text, flags=re.DOTALL)) == []
    )
    assert "<script" not in page.text
    assert not re.search(r"\b(src|srcset|style|on\w+)=", page.text)
    csp = page.headers["content-security-policy"]
    assert csp.startswith("default-src 'none'")
    assert "unsafe" not in csp


def test_every_link_within_the_page_leads_somewhere(stranger: httpx.Client) -> None:
    page = stranger.get("/docs").text
    there = set(re.findall(r'id="([^"]+)"', page))

    assert {link for link in re.findall(r'href="#([^"]+)"', page) if link not in there} == set()


def test_whoever_opens_the_address_itself_is_shown_the_page(stranger: httpx.Client) -> None:
    answer = stranger.get("/")

    assert (answer.status_code, answer.headers["location"]) == (307, "/docs")


def wrong(value: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any], at: str = "$") -> list[str]:
    """Where a value is not what a JSON schema says; only what our schemas use."""
    if "$ref" in schema:
        return wrong(value, schemas[schema["$ref"].rpartition("/")[2]], schemas, at)
    if "oneOf" in schema:
        fits = [one for one in schema["oneOf"] if not wrong(value, one, schemas, at)]
        return [] if fits else [f"{at} is none of {schema['oneOf']}"]
    if value not in schema.get("enum", [value]):
        return [f"{at} is not one of {schema['enum']}"]
    kinds: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
    }
    if "type" in schema and not isinstance(value, kinds[schema["type"]]):
        return [f"{at} is not of type {schema['type']}"]
    found = [f"{at} lacks {name}" for name in schema.get("required", []) if name not in value]
    for name, field in schema.get("properties", {}).items():
        if name in value:
            found += wrong(value[name], field, schemas, f"{at}.{name}")
    if "items" in schema:
        for number, element in enumerate(value):
            found += wrong(element, schema["items"], schemas, f"{at}[{number}]")
    return found
