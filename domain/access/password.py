"""What a password must be like: long enough, and not the name that it belongs to (NIST SP 800-63B, OWASP ASVS 6.2).

Nothing is asked of its characters: such rules make passwords that people write down. The password itself is never in a
command, an event or a refusal.
"""

from typing import Final

from domain.decider import Refused

SHORTEST: Final = 12
LONGEST: Final = 128
"""Characters. Longer ones would only cost time to hash."""
_FEWEST_DIFFERENT: Final = 5


class PasswordTooShort(Refused):
    """A password needs at least 12 characters."""


class PasswordTooLong(Refused):
    """A password has at most 128 characters."""


class PasswordIsLogin(Refused):
    """A password must not be, hold or repeat the name that you sign in with."""


class PasswordTooSimple(Refused):
    """A password needs at least five different characters."""


class PasswordNotNew(Refused):
    """The new password must be another than the present one."""


def must_be_acceptable(password: str, login: str = "") -> None:
    """Raises one of the refusals above. `login` is the name, where it is known."""
    if len(password) < SHORTEST:
        raise PasswordTooShort(least=SHORTEST)
    if len(password) > LONGEST:
        raise PasswordTooLong(most=LONGEST)
    name = login.strip().casefold()
    rest = password.casefold().replace(name, "") if name else password
    if name and len(rest) < SHORTEST // 2:
        raise PasswordIsLogin
    if len(set(password)) < _FEWEST_DIFFERENT:
        raise PasswordTooSimple(least=_FEWEST_DIFFERENT)
