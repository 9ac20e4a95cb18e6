"""Opening an object store by its address, as pictures and anchors are kept in one."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from obstore.store import LocalStore, ObjectStore, from_url


def object_store(url: str) -> ObjectStore:
    """A bucket of s3://, gs:// or az://, or a folder of file://, which is made if it is not there."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        return from_url(url)
    folder = Path(unquote(parts.path))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return LocalStore(folder)
