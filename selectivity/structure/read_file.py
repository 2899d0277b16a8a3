"""How does a structure file become atom tables? gemmi parses; this module checks what parsers let pass."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import gemmi
import numpy as np
from numpy.typing import NDArray

from selectivity.errors import FileUnreadable
from selectivity.files import LARGEST_TEXT, unzipped
from selectivity.structure.parts import Diffraction
from selectivity.structure.table import Assembly, AtomTable, Operator, StructureData

FORMATS = "PDB (.pdb, .ent, .pdb1), mmCIF (.cif), both also gzipped (.gz), or GROMACS .gro"

_ATOM_RECORD = re.compile(r"^(?:ATOM  |HETATM)[^\r\n]*", re.MULTILINE)
_PLAIN_NUMBERS = re.compile(r"[-+. 0-9]*")
_ROUNDED = 1e-3
"""Operators in files have six decimals; hand-made ones three or four."""

LARGEST_MMCIF = 40 * 2**20
"""Bytes of the largest mmCIF text: gemmi keeps every value of it, sixteen times its size; channels have some megabytes."""
_MOST_RESIDUES = 60_000
"""Residues of one chain of an mmCIF file; so many take five seconds."""


def read_structure_file(path: str | Path) -> StructureData:
    """Read a PDB or mmCIF file (optionally gzipped) into `StructureData`.

    Raises FileUnreadable when the path is missing or a directory, or the content is empty, binary, truncated, of an unknown
    format, or has coordinates that are not numbers.
    """
    path = Path(path)
    content = read_bytes(path)
    digest, text = hashlib.sha256(content).hexdigest(), decoded(path.name, content)
    del content  # of a million atoms every copy is a tenth of a gigabyte
    kind = _sniff(path.name, text)
    if kind == "mmCIF":
        _require_size(path.name, len(text), LARGEST_MMCIF)
    structure = _parse_cif(path.name, text) if kind == "mmCIF" else _parse_pdb(path.name, text)
    if len(structure) == 0 or structure[0].count_atom_sites() == 0:
        raise FileUnreadable(
            f"{path.name}: no atoms in this {kind} file; a structure with coordinates is needed: check the download"
        )
    head, tail = text[: _first_atom(text)], text[-2000:]
    del text
    return _structure_data(structure, path.name, kind, head, tail, digest)


def read_bytes(path: Path) -> bytes:
    """Content of a file; raises FileUnreadable when it is missing, a directory, unreadable or empty."""
    if not path.exists():
        raise FileUnreadable(f"{path}: no such file; a structure file is needed ({FORMATS}): check the path")
    if path.is_dir():
        raise FileUnreadable(f"{path}: is a directory; one structure file is needed: name a file inside it")
    try:
        with open(path, "rb") as stream:
            content = stream.read(LARGEST_TEXT + 1)  # one more than is taken: devices and heaps have no end
    except OSError as error:
        raise FileUnreadable(
            f"{path}: cannot be read ({error.strerror}); a readable file is needed: check its permissions"
        ) from None
    if not content.strip():
        raise FileUnreadable(f"{path.name}: the file is empty; a structure is needed ({FORMATS}): repeat the download")
    return content


def decoded(name: str, content: bytes) -> str:
    """The text of a file's content, unpacked if it is gzipped; raises FileUnreadable for what is damaged, empty or binary."""
    if content[:2] == b"\x1f\x8b":
        content = unzipped(content, name)
    if not content.strip():
        raise FileUnreadable(
            f"{name}: the compressed file is empty; a structure is needed ({FORMATS}): repeat the download"
        )
    _require_size(name, len(content), LARGEST_TEXT)
    if b"\x00" in content:
        raise FileUnreadable(f"{name}: binary content; a text structure file is needed ({FORMATS}): convert it first")
    return content.decode("utf-8-sig", errors="replace")


def _require_size(name: str, size: int, largest: int) -> None:
    if size > largest:
        raise FileUnreadable(
            f"{name}: more than the {largest // 2**20} MB that are read; one channel is needed: keep the chains of the pore"
        )


def _sniff(name: str, text: str) -> str:
    """The format by content, because extensions lie."""
    if re.search(r"^(?:ATOM  |HETATM)", text, re.MULTILINE) and not re.search(r"^_atom_site\.", text, re.MULTILINE):
        return "PDB"
    if re.search(r"^data_", text, re.MULTILINE | re.IGNORECASE) and "_atom_site." in text:
        return "mmCIF"
    if re.match(r"(HEADER|TITLE |REMARK|CRYST1|COMPND)", text) or re.search(r"^data_", text, re.MULTILINE):
        raise FileUnreadable(
            f"{name}: a header without atoms; coordinates are needed: the file seems truncated, repeat the download"
        )
    raise FileUnreadable(f"{name}: unknown format, no PDB or mmCIF atom records; needed is {FORMATS}: convert the file")


def _parse_pdb(name: str, text: str) -> gemmi.Structure:
    if not text.isascii():
        # Columns are counted in letters; two bytes for one would shift the next column, or be cut in it.
        text = text.encode("ascii", "replace").decode("ascii")
    for record in _ATOM_RECORD.finditer(text):
        _check_atom_line(name, record[0])
    try:
        return gemmi.read_pdb_string(text)
    except (RuntimeError, ValueError) as error:
        raise FileUnreadable(
            f"{name}: damaged PDB file ({_one_line(error)}); well-formed ATOM records are needed: repeat the download"
        ) from None


def _check_atom_line(name: str, line: str) -> None:
    """gemmi reads what it can; a coordinate that is cut or no number must not become one."""
    try:
        sum_of_three = float(line[30:38]) + float(line[38:46]) + float(line[46:54])
        plain = _PLAIN_NUMBERS.fullmatch(line, 30, 54)  # "1e3" and "1_0" are numbers for Python, and others for gemmi
        if len(line) >= 54 and plain and sum_of_three - sum_of_three == 0.0:  # neither NaN nor infinite
            return
    except ValueError:
        pass
    if len(line.rstrip()) < 54:
        raise FileUnreadable(
            f"{name}: truncated, atom record {line[:26].strip()!r} ends before its coordinates; a whole file is needed: "
            "repeat the download"
        )
    raise FileUnreadable(
        f"{name}: atom {line[6:26].strip()!r} has coordinates {line[30:54].split()} that are not numbers; finite Å are "
        "needed: repair the file"
    )


def _parse_cif(name: str, text: str) -> gemmi.Structure:
    try:
        document = gemmi.cif.read_string(text)
    except (RuntimeError, ValueError) as error:
        raise FileUnreadable(_damaged_cif(name, error)) from None
    block = next((b for b in document if b.find_values("_atom_site.Cartn_x")), None)
    if block is None:
        raise FileUnreadable(f"{name}: mmCIF without _atom_site coordinates; atoms are needed: repeat the download")
    _require_few_residues(name, block)
    try:
        return gemmi.make_structure_from_block(block)
    except (RuntimeError, ValueError) as error:
        raise FileUnreadable(_damaged_cif(name, error)) from None


def _damaged_cif(name: str, error: Exception) -> str:
    return f"{name}: damaged mmCIF file ({_one_line(error)}); a whole file is needed: repeat the download"


def _require_few_residues(name: str, block: gemmi.cif.Block) -> None:
    """gemmi looks for each residue among all earlier ones of its chain: the time grows with the square of their number."""
    seen: dict[str, set[str]] = {}
    for chain, number in zip(
        block.find_values("_atom_site.auth_asym_id"), block.find_values("_atom_site.auth_seq_id"), strict=False
    ):
        seen.setdefault(chain, set()).add(number)
    for chain, numbers in seen.items():
        if len(numbers) > _MOST_RESIDUES:
            raise FileUnreadable(
                f"{name}: chain {chain} has {len(numbers)} residues, at most {_MOST_RESIDUES} are read; one channel is needed: "
                "leave out the water far from the pore, or convert the file to PDB"
            )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]


def _first_atom(text: str) -> int:
    found = _ATOM_RECORD.search(text)
    return found.start() if found else 0


def _structure_data(
    structure: gemmi.Structure, name: str, kind: str, head: str, tail: str, digest: str
) -> StructureData:
    try:
        tables = _tables(structure)
    except RuntimeError as error:  # names too long for a table
        raise FileUnreadable(
            f"{name}: damaged {kind} file ({_one_line(error)}); a whole file is needed: repeat the download"
        ) from None
    for table in tables:
        if not np.isfinite(table.positions).all():
            row = int(np.flatnonzero(~np.isfinite(table.positions).all(axis=1))[0])
            where = f"{table.names[row]} of {table.residue_names[row]} {table.residue_numbers[row]}"
            raise FileUnreadable(
                f"{name}: atom {where} has coordinates that are not numbers; finite Å are needed: repair the file"
            )
    assemblies, notes = _rigid_assemblies(structure)
    resolution = structure.resolution if structure.resolution > 0 else None
    return StructureData(
        source=name,
        format=kind,
        models=tables,
        assemblies=assemblies,
        title=_info(structure, "_struct.title"),
        resolution_angstrom=resolution,
        diffraction=_diffraction(structure, head, tables[0]),
        sha256=digest,
        notes=(*_completeness_notes(kind, head, tail), *notes),
    )


def _completeness_notes(kind: str, head: str, tail: str) -> tuple[str, ...]:
    """A wwPDB entry ends with END; one that does not may have lost its tail."""
    if kind == "PDB" and head.startswith("HEADER") and not re.search(r"^END\s*$", tail, re.MULTILINE):
        return ("the file has a wwPDB header but no END record: it may be truncated",)
    return ()


def _rigid_assemblies(structure: gemmi.Structure) -> tuple[tuple[Assembly, ...], tuple[str, ...]]:
    """The assemblies of a file, and a note on each that is left out because its operators would bend the molecule."""
    assemblies = [_assembly(a) for a in structure.assemblies]
    bent = [a.name for a in assemblies if not all(_is_rigid(o) for _, operators in a.groups for o in operators)]
    notes = tuple(f"assembly {name} left out: its operators are no rotations" for name in bent)
    return tuple(a for a in assemblies if a.name not in bent), notes


def _is_rigid(operator: Operator) -> bool:
    rotation = operator.rotation
    finite = np.isfinite(rotation).all() and np.isfinite(operator.translation).all()
    return bool(finite and np.abs(rotation @ rotation.T - np.eye(3)).max() < _ROUNDED and np.linalg.det(rotation) > 0.0)


def _tables(structure: gemmi.Structure) -> tuple[AtomTable, ...]:
    flat: Any = gemmi.FlatStructure(structure)
    table = AtomTable(
        names=_strings(flat.atom_names),
        residue_names=_strings(flat.residue_names),
        residue_numbers=flat.resnums.astype(np.int64),
        insertion_codes=_characters(flat.icodes),
        chains=_strings(flat.chain_ids),
        subchains=_strings(flat.subchains),
        altlocs=_characters(flat.altlocs),
        elements=np.char.upper(flat.element_names.astype("U2")),
        occupancies=flat.occ.astype(np.float64),
        b_factors=flat.b_iso.astype(np.float64),
        positions=np.array(flat.pos, dtype=np.float64),
        deposited_ids=np.arange(len(flat.resnums), dtype=np.int64),
    )
    model_numbers = np.asarray(flat.model_num)
    heavy = ~np.isin(table.elements, ("H", "D"))
    numbers = list(dict.fromkeys(model_numbers.tolist()))
    return tuple(_one_copy_after_the_other(table.take(heavy & (model_numbers == number))) for number in numbers)


def _one_copy_after_the_other(table: AtomTable) -> AtomTable:
    """Undo gemmi's joining of residues that share chain and number (four subunits, all chain A 75-79): copy by copy."""
    columns = (
        table.chains,
        table.residue_numbers,
        table.insertion_codes,
        table.residue_names,
        table.names,
        table.altlocs,
    )
    inverse = np.zeros(len(table), dtype=np.int64)
    for column in columns:
        _, codes = np.unique(column, return_inverse=True)
        _, inverse = np.unique(inverse * (codes.max(initial=0) + 1) + codes, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    first = np.searchsorted(inverse[order], inverse[order])
    copy = np.empty(len(table), dtype=np.int64)
    copy[order] = np.arange(len(table)) - first
    if not copy.any():
        return table
    _, chain = np.unique(table.chains, return_inverse=True)
    return table.take(np.lexsort((np.arange(len(table)), copy, chain)))


def _strings(column: Any) -> NDArray[np.str_]:
    raw = np.ascontiguousarray(column)
    return _text(raw if raw.dtype.kind == "S" else raw.view(f"S{raw.shape[1]}").ravel())


def _characters(column: Any) -> NDArray[np.str_]:
    return np.char.strip(_text(np.ascontiguousarray(column).view("S1")))


def _text(raw: NDArray[np.bytes_]) -> NDArray[np.str_]:
    """Names as text; a letter that fixed columns cut in two is no reason to fail."""
    try:
        return raw.astype("U")
    except UnicodeDecodeError:
        return np.char.decode(raw, "utf-8", "replace")


def _assembly(assembly: gemmi.Assembly) -> Assembly:
    groups = []
    by_label = False
    for generator in assembly.generators:
        by_label = by_label or bool(generator.subchains)
        names = frozenset(generator.subchains or generator.chains)
        operators = tuple(
            Operator(np.array(o.transform.mat.tolist()), np.array(o.transform.vec.tolist()))
            for o in generator.operators
        )
        groups.append((names, operators))
    return Assembly(assembly.name, tuple(groups), by_label)


def _info(structure: gemmi.Structure, tag: str) -> str:
    return " ".join(structure.info[tag].split()) if tag in structure.info else ""


def _diffraction(structure: gemmi.Structure, head: str, table: AtomTable) -> Diffraction | None:
    """What Cruickshank's precision index needs, as far as the header has it (None: not an X-ray refinement)."""
    method = _info(structure, "_exptl.method").upper()
    if (method and "DIFFRACTION" not in method) or not structure.meta.refinement:
        return None
    refinement = structure.meta.refinement[0]
    if refinement.reflection_count <= 0 and not method:
        return None
    present = table.occupancies > 0
    return Diffraction(
        n_atoms=int(present.sum()),
        n_reflections=refinement.reflection_count if refinement.reflection_count > 0 else None,
        r_work=_finite(refinement.r_work),
        r_free=_finite(refinement.r_free),
        completeness_percent=_finite(refinement.completeness) or _completeness(head),
        mean_b=float(table.b_factors[present].mean()) if present.any() else None,
    )


def _completeness(head: str) -> float | None:
    """REMARK 3 of CNS writes completeness in a form that gemmi leaves alone."""
    found = re.search(r"^REMARK   3   COMPLETENESS [^:]*:\s*(\d+\.?\d*)", head, re.MULTILINE)
    return float(found.group(1)) if found else None


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
