"""The documents lead somewhere: what the code cites is in them, what they link to is there, no event is missing."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "bench" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SOURCES = [
    source
    for folder in ("application", "bench", "domain", "infrastructure", "interfaces", "tests")
    for source in sorted((ROOT / folder).rglob("*.py"))
]
CITED = re.compile(r"\b(docs/\w+\.md)(?:, ([A-Z][A-Za-z ]*\w))?")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINKED = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def headings(page: Path) -> list[str]:
    return [title.replace("`", "") for title in HEADING.findall(page.read_text())]


def anchor(title: str) -> str:
    """What GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_what_the_code_cites_can_be_read() -> None:
    cited = {
        (page, section, source.relative_to(ROOT))
        for source in SOURCES
        for page, section in CITED.findall(source.read_text())
    }
    assert len(cited) > 20
    assert not [
        (page, section, str(source))
        for page, section, source in cited
        if not (ROOT / page).is_file() or (section and section not in headings(ROOT / page))
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_links_to_is_there(page: Path) -> None:
    for target, section in LINKED.findall(FENCED.sub("", page.read_text())):
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), target
        assert not section or section in map(anchor, headings(there)), f"{target}#{section}"


def test_the_domain_s_page_tells_of_every_event() -> None:
    told = (ROOT / "docs" / "domain.md").read_text()
    parts = re.split(r"^### (\w+)$", told, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    events = json.loads((ROOT / "docs" / "event-catalogue.json").read_text())["events"]
    for name in events:
        aggregate, _, event = name.partition(".")
        assert re.search(rf"\b{event}\b", sections[aggregate]), name
