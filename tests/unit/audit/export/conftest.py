"""One log for all tests of exports: whoever changes it changes a copy."""

import pytest

from tests.tamper.exporting import World
from tests.unit.audit.export.world import made


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a finished log."""
    return made(tmp_path_factory.mktemp("exports"))
