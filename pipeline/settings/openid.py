"""Who else says who the console's people are: a provider of OpenID Connect."""

from typing import Annotated

from pydantic import Field

from pipeline.settings.outside import Address
from pipeline.settings.part import LocalPath, Part


class OpenId(Part):
    """A provider, and what it knows this installation as."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    """What its people call it."""
    issuer: Address
    client_id: Annotated[str, Field(min_length=1, max_length=255)]
    client_secret_file: LocalPath
    """Mode 0600."""
    address: Address
    """This gateway as browsers see it; the provider sends people back to it."""

    @property
    def back(self) -> str:
        """What is registered with the provider as the address to come back to."""
        return f"{self.address.rstrip('/')}/console/sign-in/back"
