"""Which options go together? A parameter of a command whose type is a group stands for the options that are its fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints

from selectivity.cli.filter_options import (
    AccessLength,
    Altloc,
    Assembly,
    Force,
    ForceField,
    Hydration,
    HydrationState,
    Pore,
    Rings,
    Rule,
    Seed,
    Sigma,
    Source,
)
from selectivity.cli.options import CellName, Temperature


@dataclass(frozen=True)
class ModelOptions:
    """From the atoms of a filter to the voltage of a cell: what every command that goes the whole way lets one choose."""

    sigma: Sigma = "0.30"
    force_field: ForceField = "charmm36"
    hydration: Hydration = "force-field"
    hydration_state: HydrationState = None
    temperature: Temperature = 298.15
    rule: Rule = None
    access_length: AccessLength = 10.0
    cell: CellName = "neuron"
    seed: Seed = 0
    force: Force = False

    def keywords(self) -> dict[str, Any]:
        """The options by name, as `scoring_keywords` takes them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class FilterOptions:
    """Which filter of a file is meant."""

    assembly: Assembly = "auto"
    pore: Pore = None
    altloc: Altloc = "auto"
    rings: Rings = None

    def source(self) -> Source:
        """What finds that filter."""
        return Source.of(self.assembly, self.pore, self.altloc, self.rings)


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """A command in which typer finds every option of its groups, at the place of the group, by the name and default of the field.

    >>> @grouped
    ... def show(*, model: ModelOptions, where: FilterOptions) -> None:
    ...     print(model.temperature, where.source().pore)
    >>> list(signature(show).parameters)[-4:]
    ['assembly', 'pore', 'altloc', 'rings']
    >>> show(**{name: p.default for name, p in signature(show).parameters.items()} | {"pore": "2"})
    298.15 2
    """
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: hint for name, hint in hints.items() if is_dataclass(hint)}
    parameters = [
        option
        for name, parameter in signature(command).parameters.items()
        for option in (_options(groups[name]) if name in groups else [_keyword(name, hints[name], parameter.default)])
    ]

    @wraps(command)
    def flat(**given: Any) -> None:
        parts = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        command(**given, **parts)

    del flat.__dict__["__wrapped__"]  # what stands there now is the command
    flat.__dict__["__signature__"] = Signature(parameters)
    flat.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return flat


def _options(group: Any) -> list[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [_keyword(field.name, hints[field.name], field.default) for field in fields(group)]


def _keyword(name: str, hint: Any, default: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=hint)
