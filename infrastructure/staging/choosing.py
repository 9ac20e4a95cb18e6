"""Gemini as a stager, as the settings want it: imported only with a key, as its SDK is half of a start-up."""

from pathlib import Path

import redis

from infrastructure.imaging.local_darkroom import LocalDarkroom
from infrastructure.postgres.database import Database
from infrastructure.settings import Settings
from infrastructure.staging.gemini import GeminiStager
from infrastructure.staging.gemini_batches import GeminiBatches
from infrastructure.staging.gemini_client import GeminiClient
from infrastructure.staging.models import FILE, ModelRegistry
from infrastructure.staging.prompting import Prompts
from infrastructure.staging.shared_limits import SharedLimits
from infrastructure.staging.spending import DailySpending

MICROS = 1_000_000
"""Of a dollar."""


def gemini(
    settings: Settings, *, database: Database, client: "redis.Redis", darkroom: LocalDarkroom
) -> tuple[GeminiStager, GeminiBatches]:
    """For photos one by one, and for economy. Raises ModelsInvalid."""
    stager = GeminiStager(
        GeminiClient(settings.google_api_key, url=settings.google_api_url, deadline=settings.staging_seconds),
        registry=ModelRegistry.read(Path(settings.staging_models or FILE)),
        prompts=Prompts(),
        limits=SharedLimits(client),
        spending=DailySpending(database, cap_micros=settings.staging_daily_usd * MICROS),
        darkroom=darkroom,
    )
    return stager, GeminiBatches(stager)
