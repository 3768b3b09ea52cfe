"""What of a read model somebody may see, as a condition of its query: never more than `Sight.takes_in` would say."""

from collections.abc import Sequence

from domain.access.permission import Sight


def in_sight(
    sight: Sight | None,
    *,
    area: str = "",
    organisations: Sequence[str] = (),
    people: Sequence[str] = (),
    first: int,
) -> tuple[list[str], list[object]]:
    """At most one condition, and its values, with places from `$first` on. None is for what no principal asks.

    `area`, `organisations` and `people` name the columns that hold what `Decider.whose` tells of a row.
    """
    if sight is None or sight.everything:
        return [], []
    ways: list[str] = []
    values: list[object] = []

    def place(value: object) -> str:
        values.append(value)
        return f"${first + len(values) - 1}"

    if area and sight.areas:
        ways.append(f"{area} ^@ ANY({place(list(sight.areas))}::text[])")
    if organisations and sight.organisations:
        mine = place(list(sight.organisations))
        ways += [f"{column} = ANY({mine}::text[])" for column in organisations]
    if people and sight.people:
        mine = place(list(sight.people))
        ways += [f"{column} = ANY({mine}::text[])" for column in people]
    if area and organisations:
        for organisation, within in sight.both:
            mine, here = place(organisation), place(within)
            ways += [f"({column} = {mine} AND {area} ^@ {here})" for column in organisations]
    return [f"({' OR '.join(ways)})" if ways else "false"], values
