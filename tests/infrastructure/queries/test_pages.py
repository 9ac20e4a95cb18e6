"""Pages are kept by their version, and no more of them than there is room for."""

from uuid import UUID

from infrastructure.queries.pages import KEPT_BYTES, Pages

ADA, BEA = UUID(int=1), UUID(int=2)


def test_only_the_version_that_was_kept_is_found() -> None:
    pages = Pages()
    pages.keep(("jobs", ADA, 9, 20), "1", b"old")
    pages.keep(("jobs", ADA, 9, 20), "2", b"new")

    assert pages.find(("jobs", ADA, 9, 20), "1") is None
    assert pages.find(("jobs", ADA, 9, 20), "2") == b"new"
    assert pages.find(("jobs", BEA, 9, 20), "2") is None
    assert pages.find(("jobs", ADA, 9, 21), "2") is None


def test_what_was_not_asked_for_longest_makes_room() -> None:
    pages = Pages()
    third = bytes(KEPT_BYTES // 3)
    for number in range(3):
        pages.keep(("jobs", ADA, number, 20), "1", third)
    assert pages.find(("jobs", ADA, 0, 20), "1")
    pages.keep(("jobs", ADA, 3, 20), "1", third)

    found = [pages.find(("jobs", ADA, number, 20), "1") is not None for number in range(4)]
    assert found == [True, False, True, True]
