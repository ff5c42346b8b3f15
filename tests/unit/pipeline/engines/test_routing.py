"""Routes: the first that fits, by whose request it is, by load and by budget."""

import httpx
import pytest

from pipeline.engines.engine import Allowed, Engines
from pipeline.engines.opening import routing
from pipeline.engines.routing import Route, Routing
from pipeline.engines.webui import WebUi
from pipeline.engines.wire import Wire
from pipeline.errors import SettingsError
from pipeline.items import Subject, Tier
from pipeline.settings.engines import RoutePart

ROUTES = Routing(
    (
        Route("standard", "premium", tenants=frozenset({"lighthouse"})),
        Route("standard", "adult", tiers=frozenset({Tier.ADULT})),
        Route("standard", "busy", busy_from=40),
        Route("standard", "poor", anlas_below=500),
        Route("standard", "own"),
        Route("other", "elsewhere", anlas_below=0),
    )
)


@pytest.mark.parametrize(
    ("subject", "in_progress", "left", "to"),
    [
        (Subject("lighthouse"), 90, 0, "premium"),
        (Subject("harbour", tier=Tier.ADULT), 90, 0, "adult"),
        (Subject("harbour"), 40, 0, "busy"),
        (Subject("harbour"), 39, 499, "poor"),
        (Subject("harbour"), 39, 500, "own"),
    ],
)
def test_the_first_that_fits_counts(subject: Subject, in_progress: int, left: int, to: str) -> None:
    """Whatever would fit after it."""
    assert ROUTES.table(subject, in_progress, left) == {"standard": to}


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("nai-diffusion-3", "own/harbour"),
        ("own/harbour", "nai-diffusion-3"),
        ("own/other", "nai-diffusion-3"),
        ("standard", "own/unknown"),
        ("standard", "standard"),
        ("", "nai-diffusion-3"),
    ],
)
async def test_a_name_stands_for_a_model_that_is_there(name: str, to: str) -> None:
    """Nobody who asks for a model by its name gets another, and nobody gets none."""
    async with httpx.AsyncClient() as http:
        own = WebUi(Allowed("own", {"harbour": "0" * 64}), Wire("http://own", http))
        engines = Engines(own, [own])

        assert routing([RoutePart(name="standard", to="own/harbour")], engines).routes
        with pytest.raises(SettingsError, match=r"routes\[0\]"):
            routing([RoutePart(name=name, to=to)], engines)
