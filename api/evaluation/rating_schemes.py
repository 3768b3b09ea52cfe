"""Rating schemes over HTTP: how vendors are rated, version by version, and what other rules would have come to.

    POST /rating-schemes/{key}            publish the next version
    GET  /rating-schemes/{key}            all versions, the newest last
    POST /rating-schemes/{key}/what-if    who would have been in another band; nothing is written

The scheme that all vendors are rated by is called `vendors`.
"""

import re
from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.params import BodyKwarg, PathParameter
from msgspec import Meta

from api.asked import BODY, Asked
from api.change import Change, Offer, body_of, command_route
from api.documentation import IF_NONE_MATCH, NOT_MODIFIED, operation, problems
from api.freshness import reached
from api.ports import Ports
from api.preconditions import fresh
from api.problems import (
    Fault,
    InternalError,
    Invalid,
    LedgerAway,
    Malformed,
    NotFound,
    NotIdentified,
    NotJson,
    NotThereYet,
    TooLarge,
)
from api.query import Reading, asked_for, parameters
from api.sight import must_be_allowed, must_see
from domain.access.permission import NotPermitted
from domain.decider import Refused, Whose
from domain.evaluation import periods, rating_rules, rating_scheme, standing
from domain.evaluation.rating_rules import Rules
from domain.evaluation.rating_scheme import RatingScheme, RatingSchemeCommand, Version
from domain.evaluation.what_if import Change as BandChange
from domain.evaluation.what_if import Period
from domain.ports import Done
from projections.evaluation.what_if import Answer

SEEING = "rating_scheme.see"
WONDERING = "standing.see"
PATH = "/rating-schemes"
_MOST_PERIODS: Final = 24
_KEY: Final = re.compile("[a-z][a-z0-9_]{1,31}")

Key = Annotated[str, PathParameter(description="Of the scheme: `vendors` is the one that counts.", max_length=32)]

RULES: dict[str, object] = {
    "measures": [
        {
            "key": "in_time",
            "name": "按时完成率",
            "formula": "share",
            "counts": ["sla_kept"],
            "against": ["sla_breached"],
            "weight": 40,
            "least": 5,
            "steps": [
                {"figure": 0, "points": 0},
                {"figure": 8000, "points": 60},
                {"figure": 9500, "points": 100},
            ],
        },
        {
            "key": "repeats",
            "name": "返修与爽约",
            "formula": "rate",
            "counts": ["repeat_fault", "no_show"],
            "against": ["work_done"],
            "weight": 30,
            "least": 5,
            "steps": [{"figure": 0, "points": 100}, {"figure": 500, "points": 60}, {"figure": 2000, "points": 0}],
        },
        {
            "key": "stars",
            "name": "居民评分",
            "formula": "average",
            "counts": ["rating"],
            "weight": 30,
            "least": 3,
            "steps": [{"figure": 0, "points": 0}, {"figure": 350, "points": 70}, {"figure": 450, "points": 100}],
        },
    ],
    "bands": [
        {"name": "suspended", "points": 0},
        {"name": "no_new_work", "points": 30},
        {"name": "watch", "points": 60},
        {"name": "normal", "points": 75},
        {"name": "preferred", "points": 90},
    ],
    "tiers": [
        {"largest_award_fen": 5_000_000},
        {"largest_award_fen": 50_000_000, "periods": 3},
        {"periods": 6, "band": "preferred"},
    ],
    "period": "month",
    "grace_days": 3,
    "correctable_months": 6,
}

RULES_REFUSED: tuple[type[Refused], ...] = (
    rating_rules.MeasureMissing,
    rating_rules.SameMeasureTwice,
    rating_rules.MeasureNameless,
    rating_rules.MeasureIncomplete,
    rating_rules.CountedTwice,
    rating_rules.SampleTooSmall,
    rating_rules.StepsBroken,
    rating_rules.MeasureWeightsDoNotSum,
    rating_rules.BandsBroken,
    rating_rules.TiersBroken,
    rating_rules.DeadlinesBroken,
)

PUBLISH: Offer[RatingSchemeCommand] = Offer(
    rating_scheme.Publish,
    "publish",
    "Publish a version of a rating scheme (发布考评办法)",
    example={"counts_from": "2026-04-01T00:00:00+08:00", "rules": RULES},
    refusals=(*RULES_REFUSED, rating_scheme.SchemeCountsBackwards, rating_scheme.PeriodsAreFixed),
)


class SchemeView(msgspec.Struct, frozen=True):
    """All versions of a scheme; their numbers count from 1."""

    key: str
    version: int
    in_force: int
    """The number of the version that counts now; 0: none does yet."""
    versions: tuple[Version, ...]


class Wondered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which past periods, and the rules that are proposed."""

    first: Annotated[str, Meta(pattern="^[0-9]{4}-(0[1-9]|1[0-2]|Q[1-4])$")]
    last: Annotated[str, Meta(pattern="^[0-9]{4}-(0[1-9]|1[0-2]|Q[1-4])$")]
    rules: Rules
    most: Annotated[int, Meta(ge=1, le=10_000, description="List at most so many changes.")] = 1000


class WhatIfView(msgspec.Struct, frozen=True):
    """Who would have been in another band. Nothing was changed."""

    periods: tuple[str, ...]
    vendors: int
    """About which anything is known."""
    rated: int
    """Periods of vendors that were rated."""
    changed: int
    """Periods of vendors that would have come out in another band."""
    changes: tuple[BandChange, ...]


EXAMPLE: dict[str, object] = {
    "key": "vendors",
    "version": 1,
    "in_force": 1,
    "versions": [{"counts_from": "2026-03-31T16:00:00Z", "rules": RULES}],
}
WHAT_IF_EXAMPLE: dict[str, object] = {
    "periods": ["2026-01", "2026-02"],
    "vendors": 214,
    "rated": 391,
    "changed": 1,
    "changes": [
        {
            "vendor": "019a5b1e-0000-7000-8000-000000000003",
            "period": "2026-02",
            "was": "normal",
            "would_be": "watch",
            "total_was": 7650,
            "total_would_be": 7400,
        }
    ],
}


def routes(ports: Ports) -> list[HTTPRouteHandler]:
    """Everything that can be asked about rating schemes."""
    return [_publish(ports), _one(ports), _what_if(ports)]


def _publish(ports: Ports) -> HTTPRouteHandler:
    change = Change(ports, rating_scheme.decider, PUBLISH)

    async def asking(request: Asked, body: msgspec.Struct) -> Done:
        key = _known(request.path_params["key"])
        return await change.ask(request, body, rating_scheme.stream(key), key=key)

    body = body_of(PUBLISH.command, "PublishRatingScheme", without=["key"], dated=False)
    return command_route(f"{PATH}/{{key:str}}", PUBLISH, body, asking)


def _known(key: str) -> str:
    """There is no scheme of any other name than a key can have."""
    if _KEY.fullmatch(key) is None:
        raise NotFound
    return key


def _one(ports: Ports) -> HTTPRouteHandler:
    @get(
        f"{PATH}/{{key:str}}",
        summary="All versions of a rating scheme",
        operation_id="oneRatingScheme",
        operation_class=operation(
            *parameters(Reading), IF_NONE_MATCH, gives=EXAMPLE, headers=("ETag",), permission=SEEING
        ),
        responses=NOT_MODIFIED
        | problems(Malformed, NotIdentified, NotPermitted, NotFound, InternalError, NotThereYet, LedgerAway),
    )
    async def one(request: Asked, key: Key) -> Response[SchemeView | None]:
        await reached(ports, asked_for(request, Reading).min_position)
        stream = rating_scheme.stream(key)
        loaded = await ports.door.load(rating_scheme.decider, stream)
        if loaded.version == 0:
            raise NotFound
        await must_see(request, ports, rating_scheme.decider, stream, loaded.state)
        scheme = loaded.state
        seen = SchemeView(key, loaded.version, scheme.in_force(ports.now()), scheme.versions)
        return fresh(request, f'"{loaded.version}-{seen.in_force}"', seen)

    return one


def _what_if(ports: Ports) -> HTTPRouteHandler:
    async def wonder(request: Asked, key: Key, data: msgspec.Struct) -> WhatIfView:
        await must_be_allowed(request, ports, WONDERING, Whose())
        loaded = await ports.door.load(rating_scheme.decider, rating_scheme.stream(key))
        if loaded.version == 0:
            raise NotFound
        wondered = msgspec.convert(data, Wondered, from_attributes=True)
        rating_rules.must_make_sense(wondered.rules)
        compared = _periods(loaded.state, wondered, ports.now())
        answer = await ports.what_if.ask(compared, wondered.rules, most=wondered.most)
        return _answered(compared, answer)

    wonder.__annotations__["data"] = Annotated[Wondered, BodyKwarg(media_type=RequestEncodingType.JSON)]
    return post(
        f"{PATH}/{{key:str}}/what-if",
        status_code=200,
        summary="Who would have been in another band under other rules (试算)",
        description="Rates past periods of all vendors anew under proposed rules. It is a read: nothing is written.",
        operation_id="whatIfRatingScheme",
        operation_class=operation(
            sends={"first": "2026-01", "last": "2026-02", "rules": RULES},
            gives=WHAT_IF_EXAMPLE,
            permission=WONDERING,
        ),
        responses=problems(
            Malformed, NotIdentified, NotPermitted, NotFound, TooLarge, NotJson, Invalid, InternalError, LedgerAway,
            *RULES_REFUSED, standing.PeriodUnknown, standing.PeriodNotOver, standing.NoSchemeInForce,
        ),
        opt={BODY: Wondered},
    )(wonder)  # fmt: skip


def _periods(scheme: RatingScheme, wondered: Wondered, now: datetime) -> list[Period]:
    """The periods that are asked about, with the rules that counted in each."""
    if not all(periods.is_a(scheme.length, name) for name in (wondered.first, wondered.last)):
        raise standing.PeriodUnknown(length=scheme.length)
    if periods.ends_at(wondered.last) > now:
        raise standing.PeriodNotOver(ends_at=periods.ends_at(wondered.last))
    names = periods.between(scheme.length, wondered.first, wondered.last)
    if not 1 <= len(names) <= _MOST_PERIODS:
        raise Invalid(Fault(f"1 to {_MOST_PERIODS} periods, the first one first", pointer="#/last"))
    versions = [(name, scheme.version(scheme.at_the_end_of(name))) for name in names]
    rated = [Period(name, version.rules) for name, version in versions if version is not None]
    if not rated:
        raise standing.NoSchemeInForce(period=wondered.last)
    return rated


def _answered(compared: list[Period], answer: Answer) -> WhatIfView:
    names = tuple(period.name for period in compared)
    return WhatIfView(names, answer.vendors, answer.rated, answer.changed, answer.changes)
