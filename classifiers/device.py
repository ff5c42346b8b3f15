"""Where models run."""

from enum import StrEnum


class Device(StrEnum):
    """The processor, or a graphics card."""

    CPU = "cpu"
    CUDA = "cuda"
