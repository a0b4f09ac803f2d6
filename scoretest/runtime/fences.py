"""Refusals: what a program may not do to the loop on which it runs."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Never

from ..errors import UsageError

__all__ = ["allow_outside", "forbid_outside"]

# everything by which asyncio, and anyio above it, reaches a thread, a socket or a process
_WAYS_OUT: Final = {
    "a thread": ("run_in_executor",),
    "a name server": ("getaddrinfo", "getnameinfo"),
    "a socket": (
        "create_connection",
        "create_server",
        "create_datagram_endpoint",
        "create_unix_connection",
        "create_unix_server",
        "connect_accepted_socket",
        "sock_accept",
        "sock_connect",
        "sock_recv",
        "sock_recv_into",
        "sock_recvfrom",
        "sock_recvfrom_into",
        "sock_sendall",
        "sock_sendto",
        "sock_sendfile",
    ),
    "a file descriptor": (
        "add_reader",
        "add_writer",
        "connect_read_pipe",
        "connect_write_pipe",
    ),
    "a process": ("subprocess_exec", "subprocess_shell"),
}


def forbid_outside(loop: asyncio.AbstractEventLoop) -> None:
    """Make every way out of *loop* raise `UsageError`."""
    for thing, names in _WAYS_OUT.items():
        for name in names:
            setattr(loop, name, _refusal(name, thing))


def allow_outside(loop: asyncio.AbstractEventLoop) -> None:
    """Open every way out of *loop* again."""
    for names in _WAYS_OUT.values():
        for name in names:
            vars(loop).pop(name, None)


def _refusal(name: str, thing: str) -> Callable[..., Never]:
    def refuse(*_args: Any, **_kwargs: Any) -> Never:
        raise UsageError(
            f'loop.{name}() wants {thing}, and io="forbid" allows none',
            fix='stub the step that makes the call, or use io="block"',
        )

    return refuse
