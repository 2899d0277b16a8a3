"""How far is a long command? A bar on the standard error of a terminal; nothing in a pipe or a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from selectivity.cli.verbosity import watched


@contextmanager
def counting(what: str) -> Iterator[Callable[[float, int], None] | None]:
    """A function that takes (done, in all) of ``what`` ("places") and moves the bar there. None where nobody is looking."""
    if not watched():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn(what), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def progress_bar(total: int, what: str) -> Iterator[Callable[[], None] | None]:
    """The same for a number of steps that is known: the function moves the bar by one. None for fewer than two steps."""
    with counting(what) as move:
        if move is None or total < 2:
            yield None
            return
        done = iter(range(1, total + 1))
        yield lambda: move(next(done), total)
