"""Whether one policy set is surely nowhere milder than another: what it says is only added to."""

from policies.layers import PolicySet
from policies.rule import Reaction, Rule


def surely_as_strict(new: PolicySet, old: PolicySet) -> bool:
    """Whether whatever `old` stops, `new` stops as well, on whatever sets both lie.

    Only what can be seen at a glance counts: the same questions are required, everything that is
    exempt was exempt, and every rule of `old` that decides stands in `new`, with the same condition
    and with no milder reaction. A False says that nobody can be sure, not that it is milder.
    """
    rules = {rule.name: rule for rule in new.rules}
    return (
        new.layer is old.layer
        and new.floor == old.floor
        and new.requirement == old.requirement
        and new.mature_when == old.mature_when
        and {*new.exemptions} <= {*old.exemptions}
        and all(
            rule.name in rules and _as_strict(rules[rule.name], rule)
            for rule in old.rules
            if not rule.shadow
        )
    )


def _as_strict(new: Rule, old: Rule) -> bool:
    return (
        not new.shadow
        and new.surfaces >= old.surfaces
        and new.moments >= old.moments
        and new.when == old.when
        and _reacts(new.reaction, old.reaction)
        and _reacts(new.unknown, old.unknown)
    )


def _reacts(new: Reaction, old: Reaction) -> bool:
    """Whether it does the same or more, by the same name: a code says what may follow."""
    return new.code is old.code and new.action.severity >= old.action.severity
