"""What exposes the city is judged in the order in which it becomes known: it cannot be told late."""

from datetime import datetime

from domain.decider import Refused


class BackDated(Refused):
    """This cannot be back-dated: something later is known already."""


def must_not_be_back_dated(at: datetime, latest: datetime | None) -> None:
    """Raises BackDated for a moment before the latest fact."""
    if latest is not None and at < latest:
        raise BackDated(latest=latest)
