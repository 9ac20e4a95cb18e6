"""Lineages: variations of one photo, and the favourite among them."""

from uuid import UUID

import pytest

from domain.lineage import Lineage, TooManyVariations
from tests.domain.history import fact, given, news

ROOT, ANN, JOB = UUID(int=1), UUID(int=2), UUID(int=3)
ID = Lineage.id_for(ROOT)


def a_lineage(variations: int = 0) -> Lineage:
    return given(
        Lineage,
        ID,
        fact(Lineage.Begun, user_id=ANN, root_photo_id=ROOT),
        *(fact(Lineage.Varied, photo_id=UUID(int=100 + number), job_id=JOB) for number in range(variations)),
    )


def test_it_begins_with_its_root_and_belongs_to_its_user() -> None:
    lineage = Lineage.begin(ROOT, user_id=ANN)

    assert (lineage.id, lineage.owner, lineage.favourite) == (ID, ANN, None)


def test_a_photo_is_varied_four_times_and_no_more() -> None:
    lineage = a_lineage(3)
    last = UUID(int=7)

    lineage.vary(last, JOB)
    lineage.vary(last, JOB)
    with pytest.raises(TooManyVariations):
        lineage.vary(UUID(int=8), JOB)

    assert news(lineage) == [fact(Lineage.Varied, photo_id=last, job_id=JOB)]


def test_a_favourite_replaces_the_one_before_and_can_be_taken_back() -> None:
    lineage = a_lineage(2)

    lineage.choose(ROOT)
    lineage.choose(UUID(int=100))
    lineage.choose(UUID(int=100))
    lineage.choose(None)

    assert news(lineage) == [
        fact(Lineage.FavouriteChosen, photo_id=ROOT, instead_of=None),
        fact(Lineage.FavouriteChosen, photo_id=UUID(int=100), instead_of=ROOT),
        fact(Lineage.FavouriteChosen, photo_id=None, instead_of=UUID(int=100)),
    ]
