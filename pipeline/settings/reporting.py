"""How each tenant's cases are reported: by whom, to whom, and which drawings are."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from pipeline.settings.outside import Address
from pipeline.settings.part import LocalPath, Part


class Route(StrEnum):
    """Where a tenant's cases go."""

    NCMEC = "ncmec"
    NATIONAL = "national"
    """To an authority of its own country, as a pack that a person hands over."""
    NONE = "none"
    """Nowhere, for a reason that is written down; each case is still closed by people."""


class Drawn(StrEnum):
    """What becomes of cases about drawings alone."""

    OFF = "off"
    """They are not reported."""
    VOLUNTARY = "voluntary"
    """People may report them, and are not late if they do not."""
    ALWAYS = "always"
    """People decide on each in time."""


class Environment(StrEnum):
    """To which of the service's two machines reports are sent."""

    TEST = "test"
    PRODUCTION = "production"


def _one_at(text: str) -> str:
    name, at, host = text.partition("@")
    if not (name and at and "." in host) or text.split() != [text]:
        raise ValueError("expected an address of mail")
    return text


Mail = Annotated[str, AfterValidator(_one_at), Field(max_length=255)]


class Reporting(Part):
    """A tenant's profile."""

    tenant: Annotated[str, Field(min_length=1, max_length=63)]
    route: Route
    reason: Annotated[str | None, Field(max_length=500)] = None
    """Why there is no route."""
    drawn: Drawn = Drawn.ALWAYS
    environment: Environment = Environment.TEST
    credentials_file: LocalPath | None = None
    """Holds `USER:PASSWORD`, as NCMEC gave them for this environment. Mode 0600."""
    address: Address | None = None
    """Stands in for the service, in development alone."""
    service: Annotated[str | None, Field(max_length=100)] = None
    """What the platform is called."""
    email: Mail | None = None
    """Who answers for reports."""
    first_name: Annotated[str, Field(max_length=100)] = "Trust"
    last_name: Annotated[str, Field(max_length=100)] = "Safety"
    legal_email: Mail | None = None
    """Whom the police ask."""
    legal_url: Address | None = None
    process: Annotated[str | None, Field(max_length=10_000)] = None
    """How process is served, and what is kept for how long."""
    page: Address | None = None
    """Where pictures are made, if on a page of the platform's."""
    chat: Annotated[str | None, Field(max_length=255)] = None
    """What the bot is called, if they are made in a chat."""
    industry_mou: bool = False
    """Whether the platform signed the agreement that the industry's classification is for."""

    @model_validator(mode="after")
    def _whole(self) -> "Reporting":
        missing = [name for name, given in self._needed() if not given]
        if missing:
            message = f"route {self.route} needs {', '.join(missing)}"
            raise ValueError(message)
        return self

    def _needed(self) -> list[tuple[str, object]]:
        if self.route is Route.NONE:
            return [("reason", self.reason)]
        needed: list[tuple[str, object]] = [
            ("service", self.service),
            ("email", self.email),
            ("page or chat", self.page or self.chat),
        ]
        if self.route is Route.NCMEC:
            needed.append(("credentials_file", self.credentials_file))
        return needed
