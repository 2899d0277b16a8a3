"""How does the explorer start and stop? A free port on loopback, a browser, and Ctrl-C."""

from __future__ import annotations

import socket
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn

from selectivity.app.server import create_app
from selectivity.errors import OutOfRange
from selectivity.structure.filter import Filter

DEFAULT_PORT = 8765
TRIES = 20
"""Ports that are tried one after the other when none was asked for."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def explore(
    file: str | None = None,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    browser: bool = True,
    say: Callable[[str], None] = print,
) -> None:
    """Serve the explorer until Ctrl-C; ``file`` is a structure to begin with, ``port`` None takes the first free one from 8765.

    Raises what `load_filter` raises, and OutOfRange for a host that cannot be bound or a port that is taken.
    """
    given = None if file is None else _loaded(file)
    listening = bound_socket(host, port)
    address = f"http://{'localhost' if host in LOOPBACK else host}:{listening.getsockname()[1]}/"
    if host not in LOOPBACK:
        say(f"warning: {host} is reachable by others on your network; whoever opens {address} can use this program")
    app = create_app(given, None if file is None else Path(file).name, hosts=(*LOOPBACK[:2], host))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="error", access_log=False, server_header=False, timeout_graceful_shutdown=2)
    )
    say(f"explorer at {address} (stop with Ctrl-C)")
    if browser:
        threading.Timer(0.5, webbrowser.open, [address]).start()
    server.run(sockets=[listening])


def _loaded(file: str) -> tuple[Filter, dict[str, Any]]:
    from selectivity.app.view import filter_shown
    from selectivity.structure.load import load_filter

    filter = load_filter(file)
    return filter, filter_shown(filter)


def bound_socket(host: str, port: int | None) -> socket.socket:
    """A socket that holds its port; OutOfRange says what is in the way.

    >>> with bound_socket("127.0.0.1", 0) as free:
    ...     free.getsockname()[0]
    '127.0.0.1'
    """
    if host in ("", "0.0.0.0", "::"):
        raise OutOfRange(
            f"--host {host!r} stands for every address of this machine; name the one that browsers will use"
        )
    wanted = range(DEFAULT_PORT, DEFAULT_PORT + TRIES) if port is None else [port]
    refusal: OSError | OverflowError | None = None
    for number in wanted:
        try:
            return _bound(host, number)
        except socket.gaierror:
            raise OutOfRange(f"host {host!r}: no such address on this machine; 127.0.0.1 is the usual one") from None
        except (OSError, OverflowError) as problem:
            refusal = problem
    span = f"port {port}" if port is not None else f"ports {wanted[0]} to {wanted[-1]}"
    raise OutOfRange(
        f"{host}, {span}: {getattr(refusal, 'strerror', None) or refusal}; choose another with --port (0: any free one)"
    )


def _bound(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(64)
    except BaseException:
        listening.close()
        raise
    return listening
