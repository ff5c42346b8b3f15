"""What differs from tenant to tenant: they tighten, and never loosen."""

from dataclasses import replace
from datetime import timedelta

import pytest

import policies
from pipeline.store.tenants import Tenant
from pipeline.tenancy import Tenancy, Version, digest_of, laid
from policies.layers import PolicySet
from tests.unit.pipeline.world import KEEP_FOR, NOON, TENANT, World, policy_set


async def test_without_sets_of_its_own_a_tenant_has_the_installations(house: World) -> None:
    """The floor and the default hold for everybody."""
    policy = await house.tenancy.policy_of(TENANT)

    assert [each.name for each in policy.sets] == ["floor", "default"]


async def test_a_tenants_sets_lie_on_top(house: World) -> None:
    """The floor stays first, whatever a tenant adds."""
    tenant = Tenant("meadow", "Meadow", NOON, policy_sets=("adult-platform",))
    await house.store.tenants.add(tenant)

    policy = await house.tenancy.policy_of("meadow")

    assert [each.name for each in policy.sets] == ["floor", "default", "adult-platform"]
    assert policy.digest != (await house.tenancy.policy_of(TENANT)).digest


async def test_a_set_that_stands_already_is_not_laid_twice(house: World) -> None:
    """Two sets of one name do not fit together: a tenant that names the default gets it once."""
    await house.store.tenants.add(Tenant("meadow", "Meadow", NOON, policy_sets=("default",)))

    policy = await house.tenancy.policy_of("meadow")

    assert [each.name for each in policy.sets] == ["floor", "default"]


async def test_a_set_that_cannot_be_laid_judges_nothing(house: World) -> None:
    """Half a policy would be a milder one: nothing is admitted for this tenant."""
    await house.store.tenants.add(Tenant("meadow", "Meadow", NOON, policy_sets=("broken",)))

    def shipped(name: str) -> PolicySet:
        return policies.load("set: broken\nlayer: nonsense\nrules: []\n", name)

    tenancy = Tenancy(house.store, house.tenancy.sets, shipped, KEEP_FOR)

    with pytest.raises(policies.PolicyError):
        await tenancy.policy_of("meadow")


async def test_a_set_that_is_gone_judges_nothing_until_it_is_back(house: World) -> None:
    """Its file was moved after the tenant was added: that is told, by tenant, in one line."""
    await house.store.tenants.add(Tenant("meadow", "Meadow", NOON, policy_sets=("meadow.yaml",)))
    back: list[PolicySet] = []

    def shipped(name: str) -> PolicySet:
        if not back:
            raise FileNotFoundError(name)
        return back[0]

    tenancy = Tenancy(house.store, house.tenancy.sets, shipped, KEEP_FOR)
    with pytest.raises(policies.PolicyError, match=r"meadow\.yaml"):
        await tenancy.policy_of("meadow")
    told = await tenancy.standings()

    assert told[TENANT] is None
    assert told["meadow"] == (
        "meadow.yaml: expected a shipped set or a file that can be read: FileNotFoundError"
    )
    back.append(policy_set("adult-platform"))
    assert (await tenancy.standings())["meadow"] is None


async def test_no_floor_is_no_policy(house: World) -> None:
    """An installation whose sets lack the floor serves nobody."""
    tenancy = Tenancy(house.store, [policy_set("default")], policy_set, KEEP_FOR)

    with pytest.raises(policies.PolicyError):
        await tenancy.policy_of(TENANT)


def test_nothing_that_was_activated_takes_the_place_of_the_floor() -> None:
    """Whatever app.db and the log say: the floor is what the program came with."""
    floor, default = policy_set("floor"), policy_set("default")
    milder = replace(policy_set("adult-platform"), name="floor")
    for everywhere in (True, False):
        known = frozenset({digest_of(floor), digest_of(milder)})
        version = Version(milder, digest_of(milder), everywhere, known)

        assert laid([floor, default], {"floor": version}) == [floor, default]


@pytest.mark.parametrize(
    ("hours", "kept"), [(None, KEEP_FOR), (0, timedelta(0)), (720, timedelta(days=30))]
)
async def test_a_tenant_says_how_long_its_pictures_are_kept(
    house: World, hours: int | None, kept: timedelta
) -> None:
    """Nought is an answer of its own, not a missing one."""
    await house.store.tenants.add(Tenant("meadow", "Meadow", NOON, released_hours=hours))

    assert await house.tenancy.kept_for("meadow") == kept


async def test_an_unknown_tenant_has_the_installations_time(house: World) -> None:
    """Nothing is kept for ever because its tenant is gone."""
    assert await house.tenancy.kept_for("nobody") == KEEP_FOR
