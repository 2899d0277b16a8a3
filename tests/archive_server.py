"""A small copy of the PDB archive on loopback, with the faults that a network has."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import gemmi

from selectivity.structure.ideal import build_pdb

MMCIF = "/structures/divided/mmCIF/{middle}/{entry}.cif.gz"
PDB = "/structures/divided/pdb/{middle}/pdb{entry}.ent.gz"


class Archive:
    """Files by path, faults by path, and a count of the requests for each path."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, str] = {}
        self.asked: list[str] = []
        self.url = ""

    def put(self, entry: str, mmcif: bytes | None = None, pdb: bytes | None = None) -> None:
        """Store an entry, gzipped, in one format or both."""
        for layout, content in ((MMCIF, mmcif), (PDB, pdb)):
            if content is not None:
                self.files[path_of(entry, layout)] = gzip.compress(content, mtime=0)

    def fault(self, entry: str, kind: str, layout: str = MMCIF) -> None:
        """From now on that file has a fault: "500", "403", "429", "cut", "cut quietly", "drip", "silent", "html" or "reset"."""
        self.faults[path_of(entry, layout)] = kind


def path_of(entry: str, layout: str = MMCIF) -> str:
    """Path of an entry's file on the server."""
    return layout.format(middle=entry[1:3], entry=entry)


def as_mmcif(pdb: str, entry: str) -> bytes:
    """A PDB file rewritten as mmCIF by gemmi, assemblies included, under an identifier."""
    structure = gemmi.read_pdb_string(pdb)
    structure.name = entry.upper()
    structure.setup_entities()
    structure.assign_label_seq_id()
    structure.info["_entry.id"] = entry.upper()
    return structure.make_mmcif_document().as_string().encode()


def ideal_mmcif(entry: str, name: str = "kcsa-like") -> bytes:
    """An idealised filter as the mmCIF file of an entry."""
    return as_mmcif(build_pdb(name), entry)


def of_structure(path: Path, entry: str) -> bytes:
    """A real deposition as the mmCIF file of its entry."""
    text = path.read_text()
    return text.encode() if path.suffix == ".cif" else as_mmcif(text, entry)


@contextmanager
def serving() -> Iterator[Archive]:
    """An archive that answers on a free port of loopback while the block lasts."""
    archive = Archive()
    stop = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            archive.asked.append(self.path)
            with suppress(BrokenPipeError, ConnectionResetError):
                _answer(self, archive.files.get(self.path), archive.faults.get(self.path, ""), stop)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    archive.url = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield archive
    finally:
        stop.set()
        server.shutdown()
        server.server_close()


def _answer(handler: BaseHTTPRequestHandler, content: bytes | None, fault: str, stop: threading.Event) -> None:
    handler.close_connection = True
    if fault == "reset":
        handler.connection.close()
        return
    if fault.isdigit():
        handler.send_error(int(fault))
        return
    if fault == "html":
        content = b"<html><body>Welcome to the hotel, please log in</body></html>"
    if content is None:
        handler.send_error(404)
        return
    sent = content[: len(content) // 2] if fault.startswith("cut") else content
    handler.send_response(200)
    handler.send_header("Content-Type", "application/gzip")
    handler.send_header("Content-Length", str(len(sent if fault == "cut quietly" else content)))
    handler.end_headers()
    if fault == "silent":
        stop.wait(30.0)
    elif fault == "drip":
        for byte in content:
            if stop.is_set():
                return
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.05)
    else:
        handler.wfile.write(sent)
