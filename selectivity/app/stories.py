"""What do learners expect, and what do the numbers say? Stories in steps: predict, then check; the library holds the answers."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from selectivity.errors import OutOfRange, UnknownChoice


@dataclass(frozen=True)
class Choice:
    """One prediction: right when the step's quantity lies in [low, high)."""

    text: str
    low: float = -math.inf
    high: float = math.inf

    def holds(self, value: float) -> bool:
        """Whether the quantity is what this choice says."""
        return self.low <= value < self.high


@dataclass(frozen=True)
class Step:
    """A question about two states; ``minutes`` of run-down where the quantity is one."""

    text: str
    question: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    quantity: str
    choices: tuple[Choice, ...]
    because: str
    minutes: float = 0.0

    def right(self, value: float) -> int:
        """Index of the choice that holds the quantity."""
        return next(i for i, choice in enumerate(self.choices) if choice.holds(value))


@dataclass(frozen=True)
class Story:
    """A misconception, the claim of docs/the-course-text.md it belongs to, its source key if it has one, and its steps."""

    name: str
    title: str
    misconception: str
    claim: int
    steps: tuple[Step, ...]
    source: str = ""

    def shown(self) -> dict[str, Any]:
        """The story without its answers."""
        steps = [
            {
                "text": step.text,
                "question": step.question,
                "before": dict(step.before),
                "choices": [choice.text for choice in step.choices],
            }
            for step in self.steps
        ]
        return {
            "name": self.name,
            "title": self.title,
            "misconception": self.misconception,
            "claim": self.claim,
            "steps": steps,
        }


@cache
def stories() -> tuple[Story, ...]:
    """All stories in the order of the page.

    >>> [story.name for story in stories()][:2]
    ['break-the-filter', 'block-the-pump']
    """
    text = files("selectivity.app").joinpath("stories.toml").read_text(encoding="utf-8")
    return tuple(
        Story(**(table | {"steps": tuple(_step(step) for step in table.pop("step"))}))
        for table in tomllib.loads(text)["story"]
    )


def step_of(name: Any, number: Any) -> Step:
    """A step of a story by the story's name and the step's number from 0."""
    story = next((each for each in stories() if each.name == name), None)
    if story is None:
        raise UnknownChoice(f"no story {str(name)[:60]!r}; there are {', '.join(each.name for each in stories())}")
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(story.steps):
        raise OutOfRange(f"step {str(number)[:20]!r} of {story.title}: 0 to {len(story.steps) - 1} is needed")
    return story.steps[number]


def quantity_of(step: Step, before: dict[str, Any], after: dict[str, Any], run_down_mv: float | None) -> float:
    """The number that decides a step, from the answers of its two states."""
    name = step.quantity
    if name == "conducts":
        return 0.0 if after["ratio"] is None else 1.0
    known = {
        "run_down_mv": lambda: run_down_mv,
        "v": lambda: after["v_mv"],
        "dv": lambda: after["v_mv"] - before["v_mv"],
        "ratio": lambda: after["ratio"],
        "ratio_factor": lambda: after["ratio"] / before["ratio"],
        "dddg": lambda: after["ddg_kj_mol"] - before["ddg_kj_mol"],
    }
    return float(known[name]())


def verdict(
    step: Step, choice: Any, before: dict[str, Any], after: dict[str, Any], run_down_mv: float | None
) -> dict[str, Any]:
    """Whether a prediction held, which one does, the number that decided and the reason in words."""
    if isinstance(choice, bool) or not isinstance(choice, int) or not 0 <= choice < len(step.choices):
        raise OutOfRange(f"choice {str(choice)[:20]!r}: 0 to {len(step.choices) - 1} is needed")
    value = quantity_of(step, before, after, run_down_mv)
    right = step.right(value)
    numbers = {"run_down": run_down_mv}
    for when, shown in (("before", before), ("after", after)):
        numbers |= {f"v_{when}": shown["v_mv"], f"ratio_{when}": shown["ratio"], f"ddg_{when}": shown["ddg_kj_mol"]}
    return {
        "held": choice == right,
        "right": right,
        "quantity": step.quantity,
        "value": value,
        "because": re.sub(r"-(?=\d)", "−", step.because.format(**numbers)),
    }


def _step(table: dict[str, Any]) -> Step:
    return Step(**(table | {"choices": tuple(Choice(**choice) for choice in table["choices"])}))
