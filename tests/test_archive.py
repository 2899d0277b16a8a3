"""Entries come from an archive on loopback: whole, checked and kept, or not at all; every fault is one line with a next step."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_server import PDB, Archive, as_mmcif, ideal_mmcif, of_structure, path_of, serving

from selectivity.archive.download import EntryUnavailable, Unreachable
from selectivity.archive.entries import entry_id, is_entry_id
from selectivity.archive.fetch import cache_folder, fetch_entry
from selectivity.errors import Doubt, SelectivityError, UnknownChoice
from selectivity.files import FileUnwritable
from selectivity.structure.ideal import build_pdb
from selectivity.structure.load import load_filter

ENTRY = "1k4c"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    """An archive with one entry, and an empty cache."""
    with serving() as archive:
        monkeypatch.setenv("SELECTIVITY_ARCHIVE_URL", archive.url)
        monkeypatch.setenv("SELECTIVITY_CACHE", str(tmp_path / "cache"))
        archive.put(ENTRY, ideal_mmcif(ENTRY))
        yield archive


def refusal(kind: type[SelectivityError] = EntryUnavailable, word: str = ENTRY, **options: object) -> str:
    with pytest.raises(kind) as raised:
        fetch_entry(word, timeout=1.0, **options)  # type: ignore[arg-type]
    message = str(raised.value)
    assert "\n" not in message and len(message) < 400 and message.upper().startswith(word.upper()), message
    return message


def kept() -> list[str]:
    return sorted(os.listdir(cache_folder())) if cache_folder().is_dir() else []


def test_first_from_the_archive_then_from_the_cache(archive: Archive) -> None:
    first, second = fetch_entry("1K4C"), fetch_entry("pdb_00001k4c")
    assert (first.cached, second.cached) == (False, True)
    assert first.path == second.path and first.format == "mmCIF"
    assert archive.asked == [path_of(ENTRY)]
    assert kept() == ["1k4c.cif.gz", "1k4c.cif.gz.sha256"]
    assert load_filter(first.path).signature == "TVGYG"


def test_the_checksum_is_that_of_the_file_and_standard_tools_read_it(archive: Archive) -> None:
    found = fetch_entry(ENTRY)
    assert found.sha256 == hashlib.sha256(archive.files[path_of(ENTRY)]).hexdigest()
    check = subprocess.run(
        ["sha256sum", "-c", "1k4c.cif.gz.sha256"], cwd=cache_folder(), capture_output=True, text=True
    )
    assert check.returncode == 0 and "OK" in check.stdout


def test_the_pdb_format_where_there_is_no_mmcif(archive: Archive) -> None:
    text = "HEADER    MEMBRANE PROTEIN                        07-OCT-01   2ABC              \n" + build_pdb("nak-like")
    archive.put("2abc", pdb=text.encode())
    found = fetch_entry("2ABC")
    assert (found.format, found.path.name) == ("PDB", "pdb2abc.ent.gz")
    assert archive.asked == [path_of("2abc"), path_of("2abc", PDB)]
    assert fetch_entry("2ABC").cached


def test_an_assembly_of_a_real_deposition_is_made_from_its_mmcif(archive: Archive, shared: Path) -> None:
    """1K4C is deposited as one subunit: the tetramer is made from it, with the same rings as from its PDB file."""
    deposited = shared / "structures" / "1K4C.pdb"
    archive.put(ENTRY, of_structure(deposited, ENTRY))
    from_archive, from_file = load_filter(fetch_entry(ENTRY).path), load_filter(deposited)
    assert from_archive.provenance.assembly == "assembly 1"
    assert from_archive.provenance.pores_found == from_file.provenance.pores_found == ("chain C x4 (TVGYG 75)",)
    assert [ring.radius for ring in from_archive.rings] == pytest.approx([ring.radius for ring in from_file.rings])
    assert len(from_archive.ions) == len(from_file.ions)


def test_the_tetramer_of_1bl8_is_there_as_deposited(archive: Archive, shared: Path) -> None:
    archive.put("1bl8", of_structure(shared / "structures" / "1BL8.cif", "1bl8"))
    assert load_filter(fetch_entry("1BL8").path).provenance.assembly == "as deposited"


FAULTS = {
    "500": (Unreachable, "answers 500", "try again later"),
    "429": (Unreachable, "answers 429", "try again later"),
    "403": (EntryUnavailable, "answers 403", "check SELECTIVITY_ARCHIVE_URL and your proxy"),
    "cut": (Unreachable, "broke off", "try again"),
    "cut quietly": (EntryUnavailable, "cut short or damaged", "not kept"),
    "drip": (Unreachable, "too slow", "--timeout"),
    "silent": (Unreachable, "too slow", "--timeout"),
    "reset": (Unreachable, "closed the connection", "give the file"),
    "html": (EntryUnavailable, "sent no gzip file but '<html>", "check SELECTIVITY_ARCHIVE_URL"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_network_is_one_line_and_leaves_nothing(archive: Archive, fault: str) -> None:
    archive.fault(ENTRY, fault)
    kind, found, step = FAULTS[fault]
    start = time.monotonic()
    message = refusal(kind)
    assert found in message and step in message
    assert time.monotonic() - start < 3.0
    assert kept() == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_leaves_what_was_there(archive: Archive, fault: str) -> None:
    before = fetch_entry(ENTRY)
    archive.fault(ENTRY, fault)
    refusal(force=True)
    assert fetch_entry(ENTRY) == type(before)(**(vars(before) | {"cached": True}))


WRONG = {
    "another entry": (ideal_mmcif("2xyz"), "holds the entry 2XYZ"),
    "no mmCIF": (b"data_1K4C\nloop_\n_atom_site.id\n_atom_site.Cartn_x\n1 2.0 3\n'", "is no mmCIF entry"),
    "cut in its text": (ideal_mmcif(ENTRY).replace(b"\n_atom_site.", b"\nloop_\n'_atom_site.", 1), "is no mmCIF entry"),
    "no atoms": (b"data_1K4C\n_entry.id 1K4C\n", "has no atoms"),
    "two entries": (ideal_mmcif(ENTRY) + ideal_mmcif("2xyz"), "is no mmCIF entry"),
    "a page": (b"<html></html>", "is no mmCIF entry"),
    "nothing": (b"", "is no mmCIF entry"),
}


@pytest.mark.parametrize("case", WRONG)
def test_another_content_than_asked_for_is_not_kept(archive: Archive, case: str) -> None:
    content, found = WRONG[case]
    archive.put(ENTRY, content)
    assert found in refusal()
    assert kept() == []


def test_a_pdb_file_that_lost_its_end_is_not_kept(archive: Archive) -> None:
    archive.put("2abc", pdb=build_pdb("nak-like").rsplit("END", 1)[0].encode())
    assert "no whole PDB file" in refusal(word="2abc")
    assert kept() == []


def test_a_file_that_unpacks_to_gigabytes_is_refused_at_once(archive: Archive) -> None:
    archive.files[path_of(ENTRY)] = gzip.compress(b"\n" * 400_000_000, 1)
    assert "MB when unpacked" in refusal()


def test_unknown_and_withdrawn_entries(archive: Archive) -> None:
    assert "its list of withdrawn entries cannot be had" in refusal(word="9zzz")
    listed = (
        " LIST OF OBSOLETE COORDINATE ENTRIES AND SUCCESSORS\n"
        "OBSLTE    31-JUL-94 116L     216L\nOBSLTE    18-JUL-84 1HHB     2HHB 3HHB 4HHB\nOBSLTE    29-JAN-96 1FQH\n"
    )
    archive.files["/status/obsolete.dat"] = listed.encode()
    assert "never withdrew one of that name; check the identifier" in refusal(word="9zzz")
    assert "superseded by 216L: ask for 216L" in refusal(word="116L")
    assert "superseded by 2HHB and 3HHB and 4HHB" in refusal(word="1HHB")
    assert "without a successor" in refusal(word="1FQH")


def test_a_withdrawn_entry_that_is_still_served_says_so(archive: Archive) -> None:
    record = (
        b"_pdbx_database_PDB_obs_spr.id OBSLTE\n_pdbx_database_PDB_obs_spr.date 1994-07-31\n"
        b"_pdbx_database_PDB_obs_spr.pdb_id 216L\n_pdbx_database_PDB_obs_spr.replace_pdb_id 116L\n"
    )
    archive.put("116l", ideal_mmcif("116l") + record)
    assert "superseded by 216L" in refusal(word="116L")
    archive.put("216l", ideal_mmcif("216l") + record.replace(b"OBSLTE", b"SPRSDE"))
    assert fetch_entry("216L").format == "mmCIF"


def test_offline_is_said_and_the_cache_still_serves(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    fetch_entry(ENTRY)
    for url, reason in (("http://127.0.0.1:9/", "connection refused"), ("http://nowhere.invalid/", "offline?")):
        monkeypatch.setenv("SELECTIVITY_ARCHIVE_URL", url)
        assert fetch_entry(ENTRY).cached
        assert reason in refusal(Unreachable, "2abc")
    for url in ("ftp://127.0.0.1/", "archive"):
        monkeypatch.setenv("SELECTIVITY_ARCHIVE_URL", url)
        assert "begins with https://" in refusal(word="2abc")


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_damaged_copy_is_fetched_again_and_refused_offline(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fetch_entry(ENTRY)
    damage(found.path)
    with pytest.warns(Doubt, match="fetched again"):
        again = fetch_entry(ENTRY)
    assert (again.sha256, again.cached) == (found.sha256, False)
    damage(found.path)
    monkeypatch.setenv("SELECTIVITY_ARCHIVE_URL", "http://127.0.0.1:9/")
    with pytest.warns(Doubt, match="does not agree with its checksum"):
        assert "connection refused" in refusal(Unreachable)


def test_a_copy_without_its_checksum_is_not_trusted(archive: Archive) -> None:
    found = fetch_entry(ENTRY)
    found.path.with_name("1k4c.cif.gz.sha256").unlink()
    with pytest.warns(Doubt, match="fetched again"):
        assert not fetch_entry(ENTRY).cached


def test_a_revised_entry_is_taken_by_force_only(archive: Archive) -> None:
    found = fetch_entry(ENTRY)
    archive.put(ENTRY, ideal_mmcif(ENTRY, "collapsed-like"))
    damage(found.path)
    with pytest.warns(Doubt):
        assert "is not what was first fetched" in refusal()
    revised = fetch_entry(ENTRY, force=True)
    assert revised.sha256 != found.sha256
    assert fetch_entry(ENTRY).sha256 == revised.sha256


def test_a_copy_elsewhere(archive: Archive, tmp_path: Path) -> None:
    found = fetch_entry(ENTRY, folder=tmp_path)
    assert found.path == tmp_path / "1k4c.cif.gz"
    assert found.path.read_bytes() == archive.files[path_of(ENTRY)]
    with pytest.raises(FileUnwritable, match="no directory"):
        fetch_entry(ENTRY, folder=tmp_path / "absent")


def test_a_cache_that_cannot_be_made(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SELECTIVITY_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(FileUnwritable, match="SELECTIVITY_CACHE"):
        fetch_entry(ENTRY)


@pytest.mark.parametrize("word", ["", "1K4", "kcsa", "0abc", "1K4C5", "../1k4c", "1k4c/..", "pdb_0001k4c", "1k4ç"])
def test_words_that_are_no_identifiers(word: str) -> None:
    assert not is_entry_id(word)
    with pytest.raises(UnknownChoice):
        entry_id(word)


def test_extended_identifiers() -> None:
    assert entry_id("PDB_00001K4C") == "1k4c"
    with pytest.raises(UnknownChoice, match="without a four-character form"):
        entry_id("pdb_10001k4c")


# ---------------------------------------------------------------- the command line


def run(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "selectivity", *arguments]
    return subprocess.run(program, capture_output=True, text=True, cwd=folder)


def test_fetch_reports_each_entry_and_fails_for_one_alone(archive: Archive, tmp_path: Path) -> None:
    answer = run("fetch", "1K4C", "9ZZZ", "--csv", "-", folder=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1 and answer.stderr.startswith("error: 9ZZZ: the archive has no such entry")
    header, row = answer.stdout.splitlines()
    assert header == "entry,path,format,sha256,url,cached" and row.startswith("1k4c,")
    assert run("fetch", "1K4C", "--out", "absent", folder=tmp_path).returncode == 2


def test_an_identifier_stands_where_a_file_could(archive: Archive, tmp_path: Path) -> None:
    answer = run("inspect", "1K4C", "--csv", "-", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    (tmp_path / "kcsa.pdb").write_text(build_pdb("kcsa-like"))
    radii = [line.split(",")[4] for line in answer.stdout.splitlines()[1:]]
    from_file = run("inspect", "kcsa.pdb", "--csv", "-", folder=tmp_path).stdout
    assert radii == [line.split(",")[4] for line in from_file.splitlines()[1:]] and radii


def test_a_file_of_that_name_comes_first(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "1K4C").write_bytes(as_mmcif(build_pdb("nak-like"), "9zzz"))
    assert run("inspect", "1K4C", folder=tmp_path).returncode == 0
    assert archive.asked == []


def test_every_command_that_takes_a_file_takes_an_identifier() -> None:
    """They all load through one door."""
    package = Path(__file__).resolve().parent.parent / "selectivity" / "cli"
    doors = [path.name for path in package.glob("*.py") if "import load_filter" in path.read_text()]
    assert doors == ["filter_options.py"]
