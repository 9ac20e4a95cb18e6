"""A worker's pictures wait for a store that is away, and not for ever."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from obstore.exceptions import GenericError
from structlog.testing import capture_logs

from application.errors import PictureNotFound
from infrastructure.storage.patient_pictures import PatientPictures
from tests.faults.waiting import wait_until

ANN = UUID(int=1)
KEPT, ANOTHER = b"a picture", b"another picture"


@pytest.mark.parametrize("asked", ["get", "put"])
def test_what_is_asked_while_the_folder_is_away_is_answered_once_it_is_back(
    asked: str, tmp_path: Path
) -> None:
    folder, elsewhere = tmp_path / "pictures", tmp_path / "elsewhere"
    pictures = PatientPictures(folder.as_uri())
    name = pictures.put(ANN, "originals", KEPT, "image/jpeg")
    ask: dict[str, Callable[[], object]] = {
        "get": partial(pictures.get, ANN, "originals", name),
        "put": partial(pictures.put, ANN, "originals", ANOTHER, "image/jpeg"),
    }
    folder.rename(elsewhere)
    with capture_logs() as logs, ThreadPoolExecutor(1) as worker:
        answer = worker.submit(ask[asked])
        wait_until(lambda: logs, "it says that it waits")
        elsewhere.rename(folder)
        if asked == "get":
            assert answer.result() == KEPT
        else:
            assert pictures.get(ANN, "originals", str(answer.result())) == ANOTHER
    assert [line["event"] for line in logs] == ["pictures.waiting"]


def test_a_store_that_stays_away_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    pictures = PatientPictures((tmp_path / "pictures").as_uri(), held=0)
    (tmp_path / "pictures").rmdir()
    with pytest.raises(GenericError):
        pictures.put(ANN, "originals", KEPT, "image/jpeg")


def test_a_picture_that_is_not_there_is_not_waited_for(tmp_path: Path) -> None:
    with pytest.raises(PictureNotFound):
        PatientPictures(tmp_path.as_uri()).get(ANN, "originals", "0" * 64)
