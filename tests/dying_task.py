"""Tasks that take their process down, once or always; worker processes import this file and nothing heavy with it."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def kill_once(task: tuple[str, int]) -> int:
    """Square a number; the first to do number 3 dies."""
    marker, number = Path(task[0]), task[1]
    if number == 3 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def kill_always(number: int) -> int:
    """Square a number; number 3 takes every process down."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number
