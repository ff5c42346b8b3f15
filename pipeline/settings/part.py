"""What every part of the settings is made of."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo


def within(path: Path, info: ValidationInfo) -> Path:
    """Paths are meant from the data directory, wherever the server was started."""
    context = cast("Mapping[str, Path] | None", info.context)
    return path if context is None else context["data_dir"] / path


LocalPath = Annotated[Path, AfterValidator(within)]


class Part(BaseModel):
    """Settings that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
