"""The contract of a stage."""

from typing import Protocol, TypeVar

from pipeline.items import Stage

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)


class Step(Protocol[In, Out]):
    """Takes an item in one state and returns it in the next, or held, or halted."""

    @property
    def stage(self) -> Stage:
        """Where on the path it stands."""
        ...

    async def __call__(self, item: In, /) -> Out:
        """Do the step. Whatever it raises is turned into `Halted` or `Held` by the flow."""
        ...
