"""One process that reads mutated files, within a memory and a time; run by the hardening tests, one report line a file.

    python tests/fuzz_worker.py FOLDER SEED FIRST LAST [STRUCTURES]

Case n is made from (SEED, n) alone, so that any case can be made again: `case(sources, seed, n)`.
"""

from __future__ import annotations

import faulthandler
import json
import math
import resource
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_mutations import MUTATIONS
from fuzz_sources import Source, as_gro, as_mmcif, destroyed, sources

from selectivity.errors import SelectivityError
from selectivity.pipeline import score_filter
from selectivity.structure.load import load_filter

SECONDS = 10
"""Of processor time: a busy machine is not a hang."""
MEGABYTES = 1000.0
SCORED_EVERY = 40
"""One in so many files that load is scored too: a rigid score takes a second, a load a hundredth."""
WHOLE_EVERY = 25
"""One in so many cases is made from a whole deposition instead of an extract or an idealised filter."""
FORMATS = {"pdb": str, "cif": as_mmcif, "gro": as_gro}


def case(known: list[Source], seed: int, number: int) -> tuple[str, str, bytes, bool]:
    """What a case is (source and mutations), its suffix, its content, and whether its filter is destroyed."""
    rng = np.random.default_rng([seed, number])
    small = [source for source in known if len(source.lines) < 3000]
    choice = known if number % WHOLE_EVERY == 0 else small
    source = choice[int(rng.integers(len(choice)))]
    suffix = str(rng.choice(list(FORMATS), p=[0.7, 0.25, 0.05]))
    broken = rng.random() < 0.3
    way, lines = destroyed(source, rng) if broken else ("", list(source.lines))
    content = FORMATS[suffix]("\n".join(lines) + "\n").encode()
    names = []
    # A destroyed file is left as it is half of the time: a header that is cut away as well would be refused for that.
    for _ in range(int(rng.integers(0, 2)) if broken else int(rng.choice([1, 1, 1, 2, 3]))):
        names.append(str(rng.choice(list(MUTATIONS))))
        content = MUTATIONS[names[-1]](rng, content)
    return f"{source.name} {suffix}: {', '.join([way, *names] if way else names)}", suffix, content, broken


def outcome(path: Path, broken: bool, score: bool) -> dict[str, Any]:
    """What became of one file: "refused", "loaded", "scored" or "not scorable"; anything else is a fault."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = load_filter(path)
            if not (score or broken):
                return {"ended": "loaded"}
            result = score_filter(loaded, treatment="rigid", hydration_state="dry", rule="rate-limiting")
    except SelectivityError as refusal:
        message = str(refusal)
        unfit = "\n" in message or not 20 < len(message) < 700
        return {"ended": "refused", **({"fault": f"message: {message!r}"} if unfit else {})}
    except MemoryError:
        return {"ended": "fault", "fault": "MemoryError"}
    except Exception:
        return {"ended": "fault", "fault": traceback.format_exc(limit=-4)}
    if broken and result.permeability_ratio is not None:
        return {"ended": "fault", "fault": f"a ratio of {result.permeability_ratio} from a destroyed filter"}
    numbers = [site.ddg_kj_mol for site in result.sites if site.ddg_kj_mol is not None]
    if not np.isfinite(numbers).all():
        return {"ended": "fault", "fault": f"ddG of {numbers}"}
    return {"ended": "scored" if result.permeability_ratio is not None else "not scorable"}


def main(folder: Path, seed: int, first: int, last: int, structures: Path | None) -> None:
    """Report on cases first .. last - 1, one JSON line each; a case that takes too long ends the process."""
    known = sources(structures)
    load_filter_once(folder)
    baseline = _virtual_megabytes()
    limit = int((baseline + MEGABYTES) * 1e6)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    faulthandler.register(signal.SIGXCPU, chain=True)  # says where it was, then dies
    for number in range(first, last):
        what, suffix, content, broken = case(known, seed, number)
        path = folder / f"case.{suffix}"
        path.write_bytes(content)
        print(json.dumps({"case": number, "what": what}), flush=True)
        start = time.process_time()
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(start) + SECONDS, resource.RLIM_INFINITY))
        report = outcome(path, broken, number % SCORED_EVERY == 0)
        peak = _peak_megabytes()
        print(
            json.dumps({"broken": broken, "seconds": time.process_time() - start, "megabytes": peak, **report}),
            flush=True,
        )


def load_filter_once(folder: Path) -> None:
    """Load and score one good file first, so that libraries and compiled kernels are there before time and memory count."""
    good = folder / "good.pdb"
    good.write_text("\n".join(sources(None)[0].lines) + "\n")
    load_filter(good)
    outcome(good, False, True)
    gro = folder / "good.gro"
    gro.write_text(as_gro(good.read_text()))
    outcome(gro, False, False)


def _peak_megabytes() -> float:
    """Largest resident size of this process; that of getrusage starts with what the parent had when it forked."""
    status = Path("/proc/self/status")
    if not status.exists():  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return float(line.split()[1]) / 1e3


def _virtual_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    folder, seed, first, last, *rest = sys.argv[1:]
    main(Path(folder), int(seed), int(first), int(last), Path(rest[0]) if rest else None)
