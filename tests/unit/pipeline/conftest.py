from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.pipeline.world import World, open_world


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[World]:
    """A whole house for one test."""
    async with open_world(tmp_path) as opened:
        yield opened
