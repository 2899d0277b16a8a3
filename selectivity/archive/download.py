"""How does one address become one file? Within a time and a size, and every failure is one line with a next step."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from selectivity.errors import SelectivityError

SILENCE = 20.0
"""Seconds without a single byte after which a server is given up."""
LARGEST = 128 * 2**20
"""Bytes of the largest file that is fetched; channels have some hundred kilobytes, ribosomes some ten megabytes."""
_PIECE = 64 * 1024


class EntryUnavailable(SelectivityError):
    """An entry could not be had: no network, no such entry, withdrawn, damaged or not what was asked for."""


class NotThere(EntryUnavailable):
    """The server answers and does not have the file (404)."""


class Unreachable(EntryUnavailable):
    """The server cannot be reached, is too slow, breaks off or reports an error of its own."""


def download(url: str, target: Path, *, what: str, timeout: float) -> None:
    """Fetch ``url`` into the file ``target`` within ``timeout`` seconds; ``what`` begins every message.

    Raises NotThere (404), Unreachable (no network, refused connection, time, an error of the server, a transfer that breaks
    off) and EntryUnavailable (a file above `LARGEST`, or a refusal by the server). Nothing is left behind on failure.
    """
    import pooch

    with _quiet_pooch():
        pooch.retrieve(url, None, fname=target.name, path=target.parent, downloader=_Bounded(what, timeout))


class _Bounded:
    """A downloader for pooch whose time is bounded as a whole, not only between two bytes."""

    def __init__(self, what: str, timeout: float) -> None:
        self.what, self.timeout = what, timeout

    def __call__(self, url: str, output_file: str | IO[bytes], pooch: Any) -> None:
        import requests
        from urllib3.exceptions import HTTPError

        end = time.monotonic() + self.timeout
        # As it lies on the server: a transparent decompression would change the bytes that the checksum is of.
        plain = {"Accept-Encoding": "identity"}
        try:
            with requests.get(url, stream=True, timeout=min(SILENCE, self.timeout), headers=plain) as response:
                self._require_success(response, url)
                expected = response.headers.get("Content-Length", "")
                with open(output_file, "wb") if isinstance(output_file, str) else _left_open(output_file) as stream:
                    received = self._copy(response.raw, stream, url, end)
        except requests.exceptions.Timeout:
            raise self._too_slow(url) from None
        except requests.exceptions.ConnectionError as failure:
            raise Unreachable(self._no_connection(url, failure)) from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema):
            raise EntryUnavailable(
                f"{self.what}: {url} is no address of an archive; one that begins with https:// is needed"
            ) from None
        except HTTPError as failure:  # urllib3, while the body is read
            if "timed out" in str(failure):
                raise self._too_slow(url) from None
            raise self._cut(url) from None
        except requests.exceptions.RequestException as failure:
            raise Unreachable(f"{self.what}: {url}: {_first_line(failure)}; try again later") from None
        if expected.isdigit() and received != int(expected):
            raise self._cut(url)

    def _copy(self, raw: Any, stream: IO[bytes], url: str, end: float) -> int:
        received = 0
        # read1 returns what has arrived: read() would wait for a whole piece while a slow server sends byte after byte.
        while piece := raw.read1(_PIECE, decode_content=False):
            received += len(piece)
            if received > LARGEST:
                raise EntryUnavailable(
                    f"{self.what}: more than {LARGEST // 2**20} MB at {url}, too large for one channel; "
                    "download it by hand and keep the chains of the pore"
                )
            if time.monotonic() > end:
                raise self._too_slow(url)
            stream.write(piece)
        return received

    def _require_success(self, response: Any, url: str) -> None:
        code = response.status_code
        if code == 200:
            return
        if code in (404, 410):
            raise NotThere(f"{self.what}: not at {url}")
        if code >= 500 or code == 429:
            raise Unreachable(f"{self.what}: the archive answers {code} ({response.reason}) at {url}; try again later")
        raise EntryUnavailable(
            f"{self.what}: the archive answers {code} ({response.reason}) at {url}; check SELECTIVITY_ARCHIVE_URL and your proxy"
        )

    def _too_slow(self, url: str) -> Unreachable:
        return Unreachable(
            f"{self.what}: {url} is too slow (given {self.timeout:g} s); try again later, "
            "or give it more time: `selectivity fetch --timeout`"
        )

    def _cut(self, url: str) -> Unreachable:
        return Unreachable(f"{self.what}: the transfer from {url} broke off; nothing was kept: try again")

    def _no_connection(self, url: str, failure: Exception) -> str:
        return (
            f"{self.what}: no connection to {url.split('/')[2]} ({_reason(failure)}); connect to the network, "
            "or give the file of the entry instead of its identifier"
        )


def _reason(failure: Exception) -> str:
    """Why there is no connection, without the nested names of the libraries."""
    text = str(failure)
    for sign, words in (
        ("resolve", "its name is not known here: offline?"),
        ("resolution", "its name is not known here: offline?"),
        ("refused", "connection refused"),
        ("unreachable", "network unreachable"),
        ("certificate", "its certificate is not trusted"),
        ("Remote end closed", "it closed the connection"),
        ("reset", "it closed the connection"),
    ):
        if sign in text:
            return words
    return type(failure).__name__


def _first_line(failure: Exception) -> str:
    return " ".join(str(failure).split())[:120] or type(failure).__name__


@contextmanager
def _left_open(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    yield stream


@contextmanager
def _quiet_pooch() -> Iterator[None]:
    """pooch tells of every download and suggests to write the checksum into the code; here it is recorded beside the file."""
    import pooch

    logger = pooch.get_logger()
    before = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(before)
