"""Whether an amendment gives the vendor of a concession more than it had: then it is given to it like a new one.

Longer, more to build or to do, more of a benefit, less of a risk. More time for what was agreed is none of these.
"""

from typing import Literal

from domain.concession.messages import Contract


def widens(before: Contract, after: Contract) -> bool:
    """Whether the vendor has more by the contract after than by the one before."""
    return (
        after.ends > before.ends
        or after.begins < before.begins
        or bool({each.key for each in after.milestones} - {each.key for each in before.milestones})
        or bool({each.key for each in after.obligations} - {each.key for each in before.obligations})
        or _has_more(before, after, "benefit")
        or _has_more(after, before, "risk")
    )


def _has_more(before: Contract, after: Contract, of: Literal["benefit", "risk"]) -> bool:
    """Whether the vendor's share of anything is larger after than before."""
    had = _shares(before, of)
    return any(percent > had.get(key, 0) for key, percent in _shares(after, of).items())


def _shares(contract: Contract, of: Literal["benefit", "risk"]) -> dict[str, int]:
    return {each.key: each.percent for each in contract.shares if each.of == of and each.party == "vendor"}
