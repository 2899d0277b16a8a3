"""`selectivity explain`: the balance sheet of a site, in words and numbers."""

from __future__ import annotations

from typing import Annotated

import typer

from selectivity.cli.filter_options import (
    Altloc,
    Assembly,
    File,
    ForceField,
    Hydration,
    HydrationState,
    Ions,
    Pore,
    Rings,
    Scoring,
    Seed,
    Sigma,
    Source,
    Treatment,
    scoring_keywords,
)
from selectivity.cli.options import CsvTo, JsonTo, Temperature
from selectivity.cli.output import Outputs

SiteNames = Annotated[
    list[str] | None,
    typer.Option(
        "--site", metavar="SITE", help="Site to explain, S2 for instance; repeatable; default: the dehydrated ones."
    ),
]


def explain(
    file: File,
    site: SiteNames = None,
    treatment: Treatment = "relaxed",
    sigma: Sigma = "0.30",
    ions: Ions = "K,Na",
    force_field: ForceField = "charmm36",
    hydration: Hydration = "force-field",
    hydration_state: HydrationState = None,
    temperature: Temperature = 298.15,
    assembly: Assembly = "auto",
    pore: Pore = None,
    altloc: Altloc = "auto",
    rings: Rings = None,
    seed: Seed = 0,
    json_to: JsonTo = None,
    csv_to: CsvTo = None,
) -> None:
    """Why a site prefers one ion: its balance sheet.

    What each ion pays to leave water and what the site pays back, term by term (kJ/mol), in words and numbers. The
    difference is the site's ddG, a binding preference; it is not the barrier that sets the permeability ratio.

    \b
    $ selectivity explain structures/kcsa_like.pdb --site S2
    kcsa_like.pdb: site S2, ddG ... kJ/mol: prefers K+
    ...
    K+ pays ... kJ/mol to leave water and the site pays back ...
    ...
    """
    outputs = Outputs(json_to, csv_to)
    scoring = Scoring(
        Source.of(assembly, pore, altloc, rings),
        scoring_keywords(
            ions=ions,
            treatment=treatment,
            sigma=sigma,
            force_field=force_field,
            hydration=hydration,
            hydration_state=hydration_state,
            temperature=temperature,
            seed=seed,
        ),
    )
    scoring.check()
    score = scoring(file)
    if site:
        chosen = [score.site(name.upper() if name.upper() != "SCAV" else "Scav") for name in dict.fromkeys(site)]
    else:
        chosen = [entry for entry in score.sites if entry.dehydrated]
    from selectivity.report.balance import balance_dict, balance_document, balance_rows

    outputs.deliver(
        [block for entry in chosen for block in balance_document(score, entry)],
        payload=lambda: balance_dict(score, chosen),
        rows=lambda: balance_rows(score, chosen),
    )
