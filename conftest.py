"""Answers of a notebook's kernel are waited for in short turns.

A client that sends while it waits may miss that the answer has come, and finds it when its time is over: after five minutes
(jupyter/nbclient issue 312, a cell with sliders). So the time is cut into short ones.
"""

from __future__ import annotations

from queue import Empty
from time import monotonic
from typing import Any

TURN = 0.5
"""s; what a missed answer costs."""


def pytest_configure() -> None:
    """Before the first notebook, in every process that runs tests."""
    from jupyter_client.channels import AsyncZMQSocketChannel

    wait = AsyncZMQSocketChannel.get_msg

    async def wait_in_turns(self: AsyncZMQSocketChannel, timeout: float | None = None) -> dict[str, Any]:
        end = float("inf") if timeout is None else monotonic() + timeout
        while True:
            left = end - monotonic()
            try:
                return await wait(self, max(0.0, min(TURN, left)))
            except Empty:
                if left <= TURN:
                    raise

    AsyncZMQSocketChannel.get_msg = wait_in_turns  # type: ignore[method-assign]
