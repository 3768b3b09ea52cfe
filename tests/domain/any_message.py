"""Any command or event of any lifecycle, made up from its type: what a new lifecycle needs no line of test code for.

Values come from small pools, so that what is made up meets: the same few communities, people and days.
"""

import datetime as dt
from functools import lru_cache
from random import Random
from typing import Any, Final

import msgspec
from msgspec import inspect

from tests.domain.small_town import GARDEN, WILLOWS, on

_WORDS: Final = ("door", "fixit", "换了门锁", "", " ")
_WORDS_OF: Final = {
    "area": ("", "", WILLOWS, "33", "99"),
    "calendar": ("", "office", "office", "moon"),
    "client_id": ("linli", "linli-2"),
    "code": ("33", "3301", WILLOWS, f"{WILLOWS}001", "330", "99"),
    "community": (GARDEN, GARDEN, "", "elsewhere", WILLOWS),
    "country": ("CN", "CN", "GB"),
    "credit_code": ("91110000600037341L", "91 110000 600037341l", "", "12345"),
    "issuer": ("https://id.example", "http://127.0.0.1:9000/o", "http://id.example"),
    "phone": ("13812345678", "0512-65123456", "", "door"),
    "email": ("an@example.cn", "", "door"),
    "sha256": ("ab" * 32, "ab" * 32, "12"),
    "zone": ("Asia/Shanghai", "Asia/Shanghai", "Mars/Base"),
}
_NUMBERS_OF: Final = {
    "floors": (1, 6, 18),
    "seconds": (0, 60, 3600, 36_000),
    "days": (0, 1, 3),
    "after": (-3600, 0, 7200),
}
_HOURS: Final = (0, 8, 12, 13, 17, 22)

describe = lru_cache(inspect.type_info)


def made_up(message: type[msgspec.Struct], random: Random) -> Any:  # of that very type
    """A value of this type that its own constraints allow."""
    return _value(describe(message), random, "")


def _value(kind: inspect.Type, random: Random, name: str) -> Any:  # noqa: C901, PLR0911, PLR0912 - one case a kind of field
    match kind:
        case inspect.StructType(cls=cls, fields=fields):
            given = [field for field in fields if field.required or random.random() < 0.5]
            return cls(**{field.name: _value(field.type, random, field.name) for field in given})
        case inspect.Metadata(type=described):
            return _value(described, random, name)
        case inspect.UnionType(types=types):
            return _value(random.choice(types), random, name)
        case inspect.StrType(min_length=shortest, pattern=pattern):
            pool = _WORDS_OF.get(name, _WORDS)
            return random.choice(
                [word for word in pool if len(word) >= (shortest or 0) and (word.strip() or not pattern)]
            )
        case inspect.IntType(ge=least, le=most):
            numbers = range(-1 if least is None else least, 1 + (4 if most is None else most))
            return random.choice(_NUMBERS_OF.get(name, numbers))
        case inspect.BoolType():
            return random.random() < 0.5
        case inspect.NoneType():
            return None
        case inspect.LiteralType(values=values):
            return random.choice(values)
        case inspect.EnumType(cls=cls):
            return random.choice(list(cls))
        case inspect.DateTimeType():
            return on(2) + dt.timedelta(minutes=random.randrange(12 * 1440))
        case inspect.DateType():
            return dt.date(2026, 3, 1) + dt.timedelta(days=random.randrange(20))
        case inspect.TimeType():
            return dt.time(random.choice(_HOURS))
        case inspect.VarTupleType(item_type=item):
            return tuple(_value(item, random, "") for _ in range(random.choice((0, 1, 1, 2))))
        case inspect.TupleType(item_types=items):
            return tuple(_value(item, random, "") for item in items)
        case _:
            msg = f"say how to make up a {kind}"
            raise NotImplementedError(msg)
