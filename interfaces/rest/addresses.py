"""Where the API is."""

from typing import Final

API: Final = "/api/v1"
