"""Finding a company on lists that write its name in their own way.

    name -> plain width, simplified characters, one legal form -> the same: strong
         -> place | brand | trade                              -> how alike the brand and the trade are, 0 to 100

Two companies of one brand in two cities are two companies, and so are two brands of one trade: the place and the brand
weigh most. The threshold was measured (tests/adapters/test_name_matching.py); what is only alike, people judge.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date, datetime
from functools import cache, lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple, TypeAlias, cast
from uuid import UUID

import opencc
from rapidfuzz import fuzz, process

from adapters.place_names import PREFECTURES, PROVINCE_OF
from domain.restraint.company_words import LEGAL_FORMS, plain
from domain.restraint.debarment import ZONE, Debarment
from domain.restraint.screening import Compared, How, Match

THRESHOLD: Final = 74
"""From which likeness on a person should look."""
MOST: Final = 50
"""Matches of one vendor that are told; the most alike come first."""
_ROUGHLY: Final = 50.0
"""Below this ratio of the brands nothing is looked at any closer: it could not reach the threshold."""
_BRAND, _TRADE = 0.7, 0.3
_BRAND_ALONE: Final = 0.9
"""Where one of the two says no trade, the brand speaks for both, a little less loudly."""

_FORMS: Final = ("集团股份有限公司", "股份有限公司", "集团有限公司", "有限公司", "集团", "公司")
"""How a name ends that is written in our way; the longest first."""
_BRACKETS: Final = str.maketrans("", "", "()[]{}<>《》〈〉【】〔〕「」『』\"'“”‘’·•.,、，。-—_&")
_TRADES: Final = re.compile(
    "物业管理|物业服务|物业|水电|机电|工程|建设|建筑|安装|装饰|装修|科技|信息|技术|电子|智能|网络|系统|管理|服务|家政|养老|护理|保洁|"
    "环保|环境|绿化|园林|安防|保安|消防|电梯|停车|餐饮|食品|生鲜|零售|商贸|贸易|供应链|物流|运输|咨询|文化|传媒|教育|健康|医疗|"
    "发展|投资|实业|控股|集团|设备|设施|维修|维护|清洁|社区|智慧|数据|软件|能源|电力|燃气|房地产|开发|经营|租赁"
)
_DISTRICT: Final = re.compile(r"^[\u4e00-\u9fff]{2}(?:区|县|市)(?=[\u4e00-\u9fff]{4})")


class Parts(NamedTuple):
    """What a name is made of."""

    places: frozenset[str]
    """Provinces and prefectures that it names."""
    stem: str
    """Without places and legal form."""
    brand: str
    trade: str


class Entry(NamedTuple):
    """An entry of a list, and the id of its stream."""

    id: UUID
    debarment: Debarment


Newest: TypeAlias = Callable[[], Awaitable[int]]
"""The position of the newest event of any list."""
Standing: TypeAlias = Callable[[], Awaitable[tuple[Sequence[tuple[UUID, Debarment]], int]]]
"""All entries that are listed, and that position."""


@cache
def _simplifying() -> Callable[[str], str]:
    library = cast("Any", opencc)  # it says nothing of its types
    return cast("Callable[[str], str]", library.OpenCC("t2s").convert)


def _simplified(name: str) -> str:
    return _simplifying()(plain(name))


@lru_cache(maxsize=200_000)
def normalised(name: str) -> str:
    """The name in the one way in which we write it: whoever is called the same then is taken for the same."""
    said = _simplified(name).translate(_BRACKETS).casefold()
    for form, ours in LEGAL_FORMS:
        if said.endswith(form):
            return said.removesuffix(form) + ours
    return said


@lru_cache(maxsize=200_000)
def parts(name: str) -> Parts:
    """The parts of a name."""
    said = normalised(name)
    for form in _FORMS:
        if said.endswith(form) and len(said) > len(form):
            said = said.removesuffix(form)
            break
    places, said = _without_places(said, name)
    said = said.removeprefix("中国") or said
    trades = _TRADES.findall(said)
    brand = _TRADES.sub("", said)
    if not brand:  # all of it is words of trade: then they are what it is known by
        return Parts(places, said, said, "")
    return Parts(places, said, brand, "".join(trades))


def likeness(one: str, other: str) -> int:
    """How alike two names are, 0 to 100: 100 where they differ in place (said by one only) and legal form alone."""
    return _likeness(parts(one), parts(other))


class ListMatcher:
    """Implements `domain.restraint.screening.Matcher` over the entries that count at a moment."""

    def __init__(self, entries: Iterable[Entry], at: datetime, position: int) -> None:
        self.position = position
        self._entries = sorted(
            (each for each in entries if each.debarment.counts(at)), key=lambda each: (each.debarment.list_key, each.id)
        )
        self._by_brand: dict[str, list[int]] = {}
        self._by_code: dict[str, list[int]] = {}
        self._by_name: dict[str, list[int]] = {}
        for number, each in enumerate(self._entries):
            if each.debarment.credit_code:
                self._by_code.setdefault(each.debarment.credit_code, []).append(number)
            self._by_name.setdefault(normalised(each.debarment.name), []).append(number)
            self._by_brand.setdefault(parts(each.debarment.name).brand, []).append(number)
        self._brands = list(self._by_brand)
        self.compared: Sequence[Compared] = _compared(self._entries)

    def matches(self, name: str, credit_code: str) -> Sequence[Match]:
        """By code, by the same name, and by likeness. Two codes that differ are two companies, whatever their names."""
        found: dict[int, Match] = {}
        for number in self._by_code.get(credit_code, ()) if credit_code else ():
            found[number] = _match(self._entries[number], "code", 100)
        for number in self._by_name.get(normalised(name), ()):
            if number not in found:
                other = _differ(self._entries[number].debarment.credit_code, credit_code)
                found[number] = _match(self._entries[number], "alike" if other else "name", 100)
        mine = parts(name)
        brands = process.extract(mine.brand, self._brands, scorer=fuzz.ratio, score_cutoff=_ROUGHLY, limit=None)
        for number in chain.from_iterable(self._by_brand[brand] for brand, _, _ in brands):
            entry = self._entries[number]
            if number in found or _differ(entry.debarment.credit_code, credit_code):
                continue
            alike = _likeness(mine, parts(entry.debarment.name))
            if alike >= THRESHOLD:
                found[number] = _match(entry, "alike", alike)
        order = {"code": 0, "name": 1, "alike": 2}
        return sorted(found.values(), key=lambda each: (order[each.how], -each.likeness, each.entry))[:MOST]


class Matchers:
    """Makes a matcher when a list has changed or another day has come, and hands it out until then."""

    def __init__(self, newest: Newest, standing: Standing) -> None:
        self._newest = newest
        self._standing = standing
        self._made: tuple[tuple[int, date], ListMatcher] | None = None

    async def at(self, moment: datetime) -> ListMatcher:
        """What knows the entries that count at a moment."""
        wanted = await self._newest(), moment.astimezone(ZONE).date()
        if self._made is None or self._made[0] != wanted:
            entries, position = await self._standing()
            matcher = await asyncio.to_thread(ListMatcher, [Entry(*each) for each in entries], moment, position)
            self._made = (position, wanted[1]), matcher
        return self._made[1]


def _likeness(one: Parts, other: Parts) -> int:
    if _apart(one.places, other.places):
        return 0
    brand: float = max(fuzz.ratio(one.brand, other.brand), _ending(one.brand, other.brand))
    if one.stem == other.stem:
        return 100
    if not one.trade or not other.trade:
        return round(brand * _BRAND_ALONE)
    trade = max(fuzz.ratio(one.trade, other.trade), fuzz.partial_ratio(one.trade, other.trade) * 0.9)
    return round(brand * _BRAND + trade * _TRADE)


def _ending(one: str, other: str) -> float:
    """A brand that the other one begins with: 明达 and 明达苏州分."""
    shorter, longer = sorted((one, other), key=len)
    return 90.0 if len(shorter) >= 3 and longer.startswith(shorter) else 0.0  # noqa: PLR2004 - two are too common


def _apart(one: frozenset[str], other: frozenset[str]) -> bool:
    """Both name places, and none of the one is, holds or lies in one of the other."""
    if not one or not other:
        return False
    wider = [{*places, *(PROVINCE_OF[each] for each in places if each in PROVINCE_OF)} for places in (one, other)]
    cities = [{each for each in places if each in PROVINCE_OF} for places in (one, other)]
    if cities[0] and cities[1]:
        return not cities[0] & cities[1]
    return not wider[0] & wider[1]


def _without_places(said: str, name: str) -> tuple[frozenset[str], str]:
    """The places in front of a name, and in brackets within it; and the name without them."""
    places: set[str] = set()
    for inside in re.findall(r"\((.*?)\)", _simplified(name)):
        place = _place_in_front(inside)
        if place and inside.removeprefix(place) in {"", "省", "市"}:
            places.add(place)
            said = said.replace(inside, "", 1)
    while (place := _place_in_front(said)) and len(said) > len(place) + 1:
        if places and PROVINCE_OF.get(place) not in places:  # 南京安阳: the second one is a brand
            break
        places.add(place)
        said = said.removeprefix(place)
        for word in ("维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "自治州", "省", "市"):
            if said.startswith(word) and len(said) > len(word) + 1:
                said = said.removeprefix(word)
                break
    district = _DISTRICT.match(said) if places else None
    return frozenset(places), said[district.end() :] if district else said


def _place_in_front(said: str) -> str:
    for length in (5, 4, 3, 2):
        if said[:length] in PREFECTURES or said[:length] in PROVINCE_OF:
            return said[:length]
    return ""


def _differ(one: str, other: str) -> bool:
    return bool(one and other and one != other)


def _match(entry: Entry, how: How, likely: int) -> Match:
    known = entry.debarment
    return Match(
        entry=str(entry.id),
        edition=known.edition,
        list_key=known.list_key,
        entry_key=known.entry_key,
        how=how,
        name=known.name,
        credit_code=known.credit_code,
        likeness=likely,
    )


def _compared(entries: Sequence[Entry]) -> Sequence[Compared]:
    """Each list: how many entries, and a hash over which of them in which edition."""
    said: dict[str, list[str]] = {}
    for entry in entries:
        said.setdefault(entry.debarment.list_key, []).append(f"{entry.id}/{entry.debarment.edition}\n")
    return tuple(
        Compared(key, len(lines), hashlib.sha256("".join(lines).encode()).hexdigest())
        for key, lines in sorted(said.items())
    )
