from pathlib import Path
from secrets import token_bytes

import pytest

from pipeline.settings import first_start


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An installation that was just begun, with a child-safety key beside its settings."""
    made = tmp_path / "data"
    first_start(made, token_bytes)
    (made / "team.pub").write_text("-----BEGIN PUBLIC KEY-----")
    return made
