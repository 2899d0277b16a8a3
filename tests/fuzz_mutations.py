"""What goes wrong with files, on purpose: every mutation takes a generator and bytes and gives bytes."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable

import numpy as np

Mutation = Callable[[np.random.Generator, bytes], bytes]

NUMBERS = (
    "nan", "-nan", "inf", "-inf", "1e308", "-1e308", "1e999", "99999999", "-9999.99", "********", "", "0", "-0.0", "0x1F", "1,5", "٣", "１",
    "1_0", "+-1", "1.2.3", "1e", "½", "NULL", "?", ".", "2147483648", "9223372036854775808", "-1", "4294967295", "A0000",
)  # fmt: skip
LINE_ENDS = (b"\r\n", b"\r", b"\n\r", b"\x0b", b"\x0c", b"\x1c", b"\x85", "\u2028".encode(), b"\n\n", b"")
RECORDS = (
    b"MODEL        1", b"MODEL     9999", b"MODEL", b"ENDMDL", b"TER", b"END",
    b"CRYST1    0.000    0.000    0.000   0.00   0.00   0.00 P 1",
    b"CRYST1      nan   99.999   99.999 190.00  90.00  90.00 X 9", b"REMARK 350 BIOMOLECULE: 1",
    b"REMARK 350 APPLY THE FOLLOWING TO CHAINS: A",
    b"REMARK 350   BIOMT1   1  0.000000  0.000000  0.000000        0.00000",
    b"REMARK 350   BIOMT1   1       nan  0.000000  0.000000        0.00000", b"SCALE1      0.000000  0.000000  0.000000        0.00000",
    b"MTRIX1   1  0.000000  0.000000  0.000000        0.00000    1", b"ATOM", b"HETATM", b"ANISOU", b"CONECT    1    1", b"data_", b"loop_",
    b"_atom_site.Cartn_x", b";", b"HEADER    \xff\xfe\x00", b"SEQRES 999 A 9999  XXX", b"LINK", b"REMARK   3   COMPLETENESS X : ..",
)  # fmt: skip


def _lines(content: bytes) -> list[bytes]:
    return content.split(b"\n")


def _some(rng: np.random.Generator, n: int, most: int = 8) -> np.ndarray:
    """A few places among n."""
    return rng.integers(0, max(n, 1), int(rng.integers(1, most + 1)))


def byte_flips(rng: np.random.Generator, content: bytes) -> bytes:
    """Some bits of some bytes."""
    changed = bytearray(content)
    for at in _some(rng, len(changed), 20) if changed else ():
        changed[at] ^= int(rng.integers(1, 256))
    return bytes(changed)


def cut(rng: np.random.Generator, content: bytes) -> bytes:
    """The file ends somewhere."""
    return content[: int(rng.integers(0, len(content) + 1))]


def beheaded(rng: np.random.Generator, content: bytes) -> bytes:
    """The file begins somewhere."""
    return content[int(rng.integers(0, len(content) + 1)) :]


def lines_removed(rng: np.random.Generator, content: bytes) -> bytes:
    """Single lines or a stretch of them are gone."""
    lines = _lines(content)
    start = int(rng.integers(0, len(lines)))
    if rng.random() < 0.5:
        return b"\n".join(lines[:start] + lines[start + int(rng.integers(1, 40)) :])
    gone = set(_some(rng, len(lines), 30).tolist())
    return b"\n".join(line for i, line in enumerate(lines) if i not in gone)


def lines_repeated(rng: np.random.Generator, content: bytes) -> bytes:
    """A stretch of lines stands there twice, or many times."""
    lines = _lines(content)
    start = int(rng.integers(0, len(lines)))
    stretch = lines[start : start + int(rng.integers(1, 60))]
    return b"\n".join(lines[:start] + stretch * int(rng.choice([2, 2, 3, 30])) + lines[start:])


def lines_shuffled(rng: np.random.Generator, content: bytes) -> bytes:
    """All lines, or a stretch of them, in another order."""
    lines = _lines(content)
    start = int(rng.integers(0, len(lines))) if rng.random() < 0.7 else 0
    end = start + int(rng.integers(2, 100)) if start else len(lines)
    part = lines[start:end]
    return b"\n".join(lines[:start] + [part[i] for i in rng.permutation(len(part))] + lines[end:])


def whole_doubled(rng: np.random.Generator, content: bytes) -> bytes:
    """The whole file twice, with or without its end between."""
    return content + (b"" if rng.random() < 0.5 else b"\nENDMDL\nMODEL        2\n") + content


def wild_numbers(rng: np.random.Generator, content: bytes) -> bytes:
    """Numbers become something else that a hand or a program may write."""
    found = list(re.finditer(rb"-?\d+\.?\d*", content))
    if not found:
        return content
    chosen = sorted({int(i) for i in _some(rng, len(found), 12)}, reverse=True)
    for i in chosen:
        text = str(rng.choice(NUMBERS)).encode()
        if rng.random() < 0.6:  # in its columns
            width = found[i].end() - found[i].start()
            text = text[:width].rjust(width)
        content = content[: found[i].start()] + text + content[found[i].end() :]
    return content


def column_of_atoms(rng: np.random.Generator, content: bytes) -> bytes:
    """One field of all or many atom records becomes the same word, or noise."""
    fields = (
        (6, 11),
        (12, 16),
        (16, 17),
        (17, 20),
        (21, 22),
        (22, 26),
        (26, 27),
        (30, 38),
        (38, 46),
        (46, 54),
        (54, 60),
        (60, 66),
    )
    low, high = fields[int(rng.integers(len(fields)))]
    word = (
        str(rng.choice([*NUMBERS, "O", "CA", "HOH", "GLY", "A", "ZZZZ", " "])).encode()[: high - low].rjust(high - low)
    )
    share = float(rng.choice([0.05, 0.5, 1.0]))
    return b"\n".join(
        line[:low] + word + line[high:] if line.startswith((b"ATOM", b"HETATM")) and rng.random() < share else line
        for line in _lines(content)
    )


def columns_shifted(rng: np.random.Generator, content: bytes) -> bytes:
    """From some column on, lines are moved to the left or to the right."""
    at, by, share = int(rng.integers(0, 70)), int(rng.integers(-3, 4)), float(rng.choice([0.02, 0.3, 1.0]))
    return b"\n".join(
        (line[:at] + b" " * by + line[at:] if by > 0 else line[:at] + line[at - by :]) if rng.random() < share else line
        for line in _lines(content)
    )


def renumbered(rng: np.random.Generator, content: bytes) -> bytes:
    """Serial numbers beyond the columns, in hybrid-36, or all alike."""
    word = str(rng.choice(["100000", "A0000", "zzzzz", "*****", "99999", "-9999"])).encode()
    return b"\n".join(
        line[:6] + word[:5].rjust(5) + line[11:] if line.startswith(b"ATOM") else line for line in _lines(content)
    )


def records_inserted(rng: np.random.Generator, content: bytes) -> bytes:
    """Records, true and false ones, where they do not belong."""
    lines = _lines(content)
    for at in sorted(_some(rng, len(lines), 10).tolist(), reverse=True):
        lines.insert(at, RECORDS[int(rng.integers(len(RECORDS)))])
    return b"\n".join(lines)


def operators(rng: np.random.Generator, content: bytes) -> bytes:
    """Assembly records that multiply, flatten, mirror or lose the molecule."""
    rows = [b"REMARK 350 BIOMOLECULE: 1", b"REMARK 350 APPLY THE FOLLOWING TO CHAINS: A, B, C, D"]
    for k in range(int(rng.choice([1, 4, 4, 60, 500]))):
        matrix = rng.choice([0.0, 1.0, -1.0, 1e6, 0.5], size=(3, 3)) if rng.random() < 0.5 else np.eye(3)
        shift = rng.normal(0.0, 30.0, 3)
        for i in range(3):
            numbers = "".join(f"{x:10.6f}" for x in matrix[i])
            rows.append(f"REMARK 350   BIOMT{i + 1} {k + 1:>3}{numbers}    {shift[i]:11.5f}".encode())
    return b"\n".join(rows) + b"\n" + content


def encodings(rng: np.random.Generator, content: bytes) -> bytes:
    """Other alphabets and byte orders."""
    text = content.decode("latin-1")
    kind = int(rng.integers(6))
    if kind == 0:
        return text.encode("utf-16")
    if kind == 1:
        return text.encode("utf-32-le")
    if kind == 2:
        return b"\xef\xbb\xbf" + content
    if kind == 3:
        return text.replace("A", "Å").encode("utf-8")
    if kind == 4:
        return text.replace("E", "\ud800").encode("utf-8", "surrogatepass")
    return text.replace("O", "Ø").encode("latin-1")


def nul_bytes(rng: np.random.Generator, content: bytes) -> bytes:
    """Zeros, one or a block of them."""
    at = int(rng.integers(0, len(content) + 1))
    return content[:at] + b"\0" * int(rng.choice([1, 7, 4096])) + content[at:]


def line_ends(rng: np.random.Generator, content: bytes) -> bytes:
    """Lines that end in other ways, all of them or here and there."""
    share = float(rng.choice([0.02, 0.5, 1.0]))
    end = LINE_ENDS[int(rng.integers(len(LINE_ENDS)))]
    return b"".join(line + (end if rng.random() < share else b"\n") for line in _lines(content))


def words_swapped(rng: np.random.Generator, content: bytes) -> bytes:
    """Words of a free format change places, vanish or get quotes: loops of mmCIF lose their step."""
    words = re.split(rb"(\s+)", content)
    for at in _some(rng, len(words), 10):
        other = int(rng.integers(len(words)))
        kind = int(rng.integers(6))
        if kind == 0:
            words[at], words[other] = words[other], words[at]
        elif kind == 5:
            words[at] = b""
        else:
            words[at] = (b"'", b'"', b"\n;\n", b"loop_")[kind - 1] + words[at]
    return b"".join(words)


def packed(rng: np.random.Generator, content: bytes) -> bytes:
    """gzip: whole, cut, flipped, doubled, within itself, followed by rubbish."""
    stream = gzip.compress(content, 1)
    kind = int(rng.integers(7))
    if kind == 0:
        return stream[: int(rng.integers(2, len(stream)))]
    if kind == 1:
        return byte_flips(rng, stream)
    if kind == 2:
        return stream + stream
    if kind == 3:
        return gzip.compress(stream, 1)
    if kind == 4:
        return stream + b"rubbish"
    if kind == 5:
        return stream + b"\0" * 512
    return stream


def rubbish(rng: np.random.Generator, content: bytes) -> bytes:
    """Nothing of the file is left but its beginning."""
    return content[: int(rng.integers(0, 200))] + rng.bytes(int(rng.integers(0, 5000)))


MUTATIONS: dict[str, Mutation] = {
    function.__name__: function
    for function in (
        byte_flips, cut, beheaded, lines_removed, lines_repeated, lines_shuffled, whole_doubled, wild_numbers, column_of_atoms,
        columns_shifted, renumbered, records_inserted, operators, encodings, nul_bytes, line_ends, words_swapped, packed, rubbish,
    )
}  # fmt: skip
