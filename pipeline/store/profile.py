"""A tenant's profile: what its operator has to know of a platform before it serves adults."""

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Word = Annotated[str, Field(min_length=1, max_length=200)]
Territory = Annotated[str, Field(pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?|WORLD)$")]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}$")]


class Role(StrEnum):
    """What a platform is to the Digital Services Act: which duties fall on it."""

    NONE = "none"
    HOSTING = "hosting"
    SMALL = "online_platform_small"
    PLATFORM = "online_platform"
    VLOP = "vlop"


class Profile(BaseModel):
    """The answers, as far as they were given; what is None or empty was not."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    role: Role | None = None
    territories: tuple[Territory, ...] = ()
    """ISO 3166, where its users are; `WORLD` for everywhere."""
    age_provider: Annotated[str, Field(max_length=200)] = ""
    """Who assures its users' age."""
    reporting: Literal["ncmec", "national", "none"] | None = None
    """Where cases of child sexual exploitation are reported."""
    reporting_reason: Annotated[str, Field(max_length=500)] = ""
    """Why nowhere."""
    lists: tuple[Word, ...] | None = None
    """Lists of known pictures that it may be served with; an empty one says: there are none."""
    languages: tuple[Language, ...] = ()
    """BCP 47: in which its reviewers read and its users write."""
    reviews_a_day: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """How many held items its people can rule on in a day."""
    on_call: Annotated[str, Field(max_length=200)] = ""
    """Who is called at night when something of the worst kind is found."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The questions that are not answered."""
        nowhere = self.reporting == "none" and not self.reporting_reason
        unanswered = {
            "role": self.role is None,
            "territories": not self.territories,
            "age_provider": not self.age_provider,
            "reporting": self.reporting is None,
            "reporting_reason": nowhere,
            "lists": self.lists is None,
            "languages": not self.languages,
            "reviews_a_day": self.reviews_a_day is None,
            "on_call": not self.on_call,
        }
        return tuple(name for name, is_missing in unanswered.items() if is_missing)


NO_PROFILE: Final = Profile()
