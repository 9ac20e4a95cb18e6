"""Opening an object store by its address, as pictures and anchors are kept in one."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from obstore.exceptions import GenericError
from obstore.store import LocalStore, ObjectStore, from_url


def object_store(url: str) -> ObjectStore:
    """A bucket of s3://, gs:// or az://, or a folder of file://, which is made if it is not there."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        return from_url(url)
    folder = Path(unquote(parts.path))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return LocalStore(folder)


def there(store: ObjectStore) -> ObjectStore:
    """The store itself. Raises what a store that is away raises when its folder is.

    Else nothing would be found that is there, and the first to write would make the folder anew, so that all
    others would write beside what is there, too.
    """
    if isinstance(store, LocalStore) and not (folder := folder_of(store)).is_dir():
        raise GenericError(f"there is no {folder}")
    return store


def folder_of(store: LocalStore) -> Path:
    return Path(store.prefix or "/")
