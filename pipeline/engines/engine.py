"""What the flow needs of whatever makes pictures, and the way from a model's name to its engine.

    generate:  asked at most once, by an approved request's text and the pictures that were judged;
               answers with as many pictures as were asked for, each measured by its digest

What a request may carry, and what it costs, is said before that: by its parser and by `price`.
NovelAI's client is the first engine; the model of a self-hosted one is `engine/checkpoint`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from pipeline.engines.prompt import networks
from pipeline.items import Begin, Work, at_once, engine_of
from pipeline.novelai.client import Answer
from pipeline.novelai.errors import RequestRefusedError, UpstreamAbandonedError, UpstreamError
from pipeline.novelai.request import Place
from pipeline.novelai.wording import listed, shown

_say = structlog.get_logger("engines")


class Engine(Protocol):
    """Makes pictures."""

    async def generate(
        self,
        work: Work,
        images: Mapping[Place, bytes],
        begin: Begin = at_once,
        tenant: str = "",
        *,
        is_job: bool = False,
    ) -> Answer:
        """Give the pictures of `work`, asked for at most once; tenants take turns.

        A job lets those go first for whose answer somebody waits.

        `begin` MUST be awaited last before the call, once there is nothing more to wait for; what
        it says is why the call is not made.

        Raises:
            UpstreamError: which kind says whether anything was sent.
        """
        ...


@dataclass(frozen=True, slots=True)
class Lora:
    """A network that a tenant may name in its prompts: `<lora:name:1>`."""

    tenant: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one self-hosted engine may be asked for: what two people did not let in is refused."""

    name: str
    checkpoints: Mapping[str, str]
    """The sha256 of each, by the name under which requests ask for it."""
    loras: Callable[[], Sequence[Lora]] = field(default=tuple[Lora, ...], repr=False)
    takes_pictures: bool = True
    """Whether it draws from a picture too."""

    def registered(self) -> Mapping[str, str]:
        """Give the digest of each LoRA that some tenant may name."""
        return {each.name: each.sha256 for each in self.loras()}

    def checkpoint(self, work: Work) -> str:
        """Give the digest of the checkpoint that draws `work`.

        Raises:
            RequestRefusedError: it is not on the list, or takes no picture.
        """
        if work.images and not self.takes_pictures:
            raise RequestRefusedError(400, f"action: {self.name} draws from text alone")
        _, _, name = work.model.partition("/")
        found = self.checkpoints.get(name)
        if found is None:
            message = f"model: {self.name} has no checkpoint {shown(name)} on its list"
            raise RequestRefusedError(400, message)
        return found

    def networks(self, tenant: str, work: Work) -> Mapping[str, str]:
        """Give the digest of each LoRA that the texts of `work` name.

        Raises:
            RequestRefusedError: one of them is not registered for this tenant.
        """
        named = frozenset(each for text in work.prompt.texts for each in networks(text))
        known = {each.name: each.sha256 for each in self.loras() if each.tenant == tenant}
        if unknown := named - known.keys():
            raise RequestRefusedError(400, f"prompt: LoRAs not registered here: {listed(unknown)}")
        return {name: known[name] for name in named}

    def wanted(self, tenant: str, work: Work) -> tuple[str, Mapping[str, str]]:
        """Give the digests of what `work` names, looked up once more at its turn.

        Raises:
            UpstreamAbandonedError: since its admission somebody has taken it off the list.
        """
        try:
            return self.checkpoint(work), self.networks(tenant, work)
        except RequestRefusedError:
            pass
        raise UpstreamAbandonedError("not_allowed_any_more")


class SelfHosted(Engine, Protocol):
    """An engine of the operator's own."""

    @property
    def allowed(self) -> Allowed:
        """What it may be asked for."""
        ...

    async def check(self) -> None:
        """Return if it could draw all that it may be asked for; nothing is drawn.

        Raises:
            UpstreamUnreachableError: it could not: `str()` says what to mend.
        """
        ...


@dataclass(frozen=True, slots=True)
class Engines:
    """Every engine there is; the model of a request says which of them is asked."""

    novelai: Engine
    own: Sequence[SelfHosted] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """Every model of the self-hosted ones."""
        return tuple(
            f"{each.allowed.name}/{name}" for each in self.own for name in each.allowed.checkpoints
        )

    def check(self, tenant: str, work: Work) -> None:
        """Return if what `work` names is on the lists: nothing was paid, and nothing is sent yet.

        Raises:
            RequestRefusedError: it is not.
        """
        engine = self._own(work)
        if engine is not None:
            engine.allowed.checkpoint(work)
            engine.allowed.networks(tenant, work)

    async def generate(
        self,
        work: Work,
        images: Mapping[Place, bytes],
        begin: Begin = at_once,
        tenant: str = "",
        *,
        is_job: bool = False,
    ) -> Answer:
        """Ask the engine of its model; there is no other way, and no second try at another.

        Raises:
            UpstreamError, RequestRefusedError: as its engine says.
        """
        engine = self._own(work)
        if engine is None:
            return await self.novelai.generate(work, images, begin, tenant, is_job=is_job)
        try:
            return await engine.generate(work, images, begin, tenant, is_job=is_job)
        except UpstreamError as fault:  # whoever runs it has to know what to mend
            _say.warning("engine", engine=engine.allowed.name, said=str(fault))
            raise

    def _own(self, work: Work) -> SelfHosted | None:
        """Return the self-hosted engine of a model; None if it is NovelAI's.

        Raises:
            RequestRefusedError: there is no such engine.
        """
        name = engine_of(work.model)
        if name is None:
            return None
        for each in self.own:
            if each.allowed.name == name:
                return each
        raise RequestRefusedError(400, f"model: there is no engine {shown(name)} here")
