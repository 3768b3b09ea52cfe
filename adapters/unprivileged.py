"""Started as root, a database server gives that up: it runs under an account that may touch nothing but its own folder.

PostgreSQL refuses to run as root, and containers and fresh machines often know no other user. So its processes get an
account that is there already, and where a private folder (`/root`, a fresh temporary folder) lies on the way, that one
account is let through it: by an access control list, so nobody else gains anything.
"""

import os
import pwd
import stat
import struct
import subprocess
from pathlib import Path
from typing import NamedTuple

_ACL = "system.posix_acl_access"
_ACL_VERSION = 2
_OWNER, _USER, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_NOBODY_IN_PARTICULAR = 0xFFFFFFFF
_SEARCH = 0o1


class Account(NamedTuple):
    """Whom a server process runs as."""

    name: str
    uid: int
    gid: int


def account_for(folder: Path) -> Account | None:
    """The account for a server whose data is in this folder; None means: as we are, since we are not root."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat().st_uid if folder.exists() else 0
    known = [entry for entry in pwd.getpwall() if entry.pw_uid != 0]
    if owner:
        known = [entry for entry in known if entry.pw_uid == owner]
    for name in ("postgres", "nobody", None):
        for entry in known:
            if name in (entry.pw_name, None):
                return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    msg = f"running as root needs another account for the database server, and this system has none ({folder})"
    raise RuntimeError(msg)


def let_through(account: Account, target: Path) -> None:
    """Let the account reach a file or folder, however private the folders above it are."""
    for folder in reversed(target.resolve().parents):
        if not folder.stat().st_mode & stat.S_IXOTH and not _reaches(account, folder):
            _let_pass(account, folder)


def let_read(account: Account, folder: Path) -> None:
    """Let the account read and run what is in this folder (programs that were installed under a strict umask)."""
    let_through(account, folder)
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        wanted = mode | stat.S_IRGRP | stat.S_IROTH
        if mode & stat.S_IXUSR:
            wanted |= stat.S_IXGRP | stat.S_IXOTH
        if wanted != mode:
            path.chmod(stat.S_IMODE(wanted))


def hand_over(account: Account | None, folder: Path) -> None:
    """Make a private folder that belongs to the account."""
    folder.mkdir(mode=0o700)
    if account is not None:
        os.chown(folder, account.uid, account.gid)


def _reaches(account: Account, folder: Path) -> bool:
    asked = subprocess.run(  # noqa: S603 - our own words; only the kernel knows what lists and modes add up to
        ["/usr/bin/env", "test", "-x", str(folder)],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    return asked.returncode == 0


def _let_pass(account: Account, folder: Path) -> None:
    try:
        os.setxattr(folder, _ACL, _with_search(_acl_of(folder), account.uid))
    except OSError:  # a file system without access control lists: search, but not list, for everyone
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) | stat.S_IXOTH)


def _acl_of(folder: Path) -> dict[tuple[int, int], int]:
    """The list of a folder as {(kind, id): permissions}; without a list of its own, what its mode says."""
    try:
        packed = os.getxattr(folder, _ACL)
    except OSError:
        mode = folder.stat().st_mode
        kinds = ((_OWNER, mode >> 6), (_GROUP, mode >> 3), (_OTHER, mode))
        return {(kind, _NOBODY_IN_PARTICULAR): bits & 0o7 for kind, bits in kinds}
    return {(kind, who): permissions for kind, permissions, who in struct.iter_unpack("<HHI", packed[4:])}


def _with_search(acl: dict[tuple[int, int], int], uid: int) -> bytes:
    acl[_USER, uid] = acl.get((_USER, uid), 0) | _SEARCH
    mask = acl.get((_MASK, _NOBODY_IN_PARTICULAR), acl[_GROUP, _NOBODY_IN_PARTICULAR])
    acl[_MASK, _NOBODY_IN_PARTICULAR] = mask | _SEARCH
    entries = (struct.pack("<HHI", kind, bits, who) for (kind, who), bits in sorted(acl.items()))
    return struct.pack("<I", _ACL_VERSION) + b"".join(entries)
