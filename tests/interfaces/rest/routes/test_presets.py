"""What a brief may ask for."""

from typing import Any

import httpx


def test_the_presets_tell_which_can_be_done_now_and_which_alter(stranger: httpx.Client) -> None:
    answer = stranger.get("/api/v1/presets")

    presets: dict[str, Any] = {one["name"]: one for one in answer.json()["presets"]}
    assert presets["enhance"] == {
        "name": "enhance",
        "available": True,
        "alters": False,
        "needs_prompt": False,
    }
    assert presets["stage"]["alters"]
    assert not presets["stage"]["available"]
    assert presets["custom"]["needs_prompt"]
    assert "living_room" in answer.json()["room_types"]
    assert "modern" in answer.json()["styles"]
    assert answer.headers["cache-control"].startswith("public")
