"""Somebody who is to get in, in one go: as a person, with an account, and with a role."""

from datetime import datetime
from typing import NamedTuple

from domain.access import role


class Post(NamedTuple):
    """The role that somebody is to hold: where, for whom, and how long."""

    role: role.Name
    organisation: str = ""
    area: str = ""
    ward: str = ""
    until: datetime | None = None


class Newcomer(NamedTuple):
    """Somebody who is to get in. Without a password, a temporary one is made."""

    person: str
    login: str
    password: str = ""
    name: str = ""
    home: str = ""
    post: Post | None = None
