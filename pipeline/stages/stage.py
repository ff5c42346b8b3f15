"""The contract of a stage."""

from typing import Protocol, TypeVar

from pipeline.items import Stage

In_contra = TypeVar("In_contra", contravariant=True)
Out_co = TypeVar("Out_co", covariant=True)


class Step(Protocol[In_contra, Out_co]):
    """Takes an item in one state and returns it in the next, or held, or halted."""

    @property
    def stage(self) -> Stage:
        """Where on the path it stands."""
        ...

    async def __call__(self, item: In_contra, /) -> Out_co:
        """Do the step. Whatever it raises is turned into `Halted` or `Held` by the flow."""
        ...
