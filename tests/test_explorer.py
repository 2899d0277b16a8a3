"""The explorer's server: its numbers are the library's, its exports run, and whoever may not knock is sent away in one line."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selectivity.app import run
from selectivity.app.server import HEADERS, LARGEST_STATE, LARGEST_UPLOAD, create_app
from selectivity.app.shelf import dilation_steps, safe_name
from selectivity.app.state import CONTROLS, State, defaults_of, presets, state_of
from selectivity.app.stories import stories
from selectivity.app.worker import WorkRefused, Workshop
from selectivity.cli import main
from selectivity.errors import OutOfRange, SelectivityError
from selectivity.membrane.cells import cell
from selectivity.membrane.ghk import ghk_voltage
from selectivity.membrane.mullins_noda import mullins_noda_voltage
from selectivity.membrane.protocols import pump_blocked
from selectivity.membrane.pump_leak_balance import cell_for_run_down
from selectivity.membrane.rundown import run_down
from selectivity.permeation.ratio import permeability_ratio
from selectivity.permeation.uncertainty import ratio_interval
from selectivity.pipeline import score_filter
from selectivity.references import reference
from selectivity.structure.ideal import build_pdb, ideal_filter

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # starlette's own taste in clients
    from starlette.testclient import TestClient

BASE = "http://127.0.0.1:8765"
RIGID = {"mode": "filter", "treatment": "rigid"}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with TestClient(create_app(), base_url=BASE, raise_server_exceptions=False) as running:
        yield running


def answer(client: TestClient, **state: Any) -> dict[str, Any]:
    reply = client.post("/api/answer", json=state)
    assert reply.status_code == 200, reply.text
    return reply.json()


def whole(client: TestClient, **state: Any) -> dict[str, Any]:
    reply = client.post("/api/refine", json=state)
    assert reply.status_code == 200, reply.text
    return reply.json()


def refusal(reply: Any) -> str:
    """The one line of a refusal: 4xx, JSON, no trace of Python."""
    assert 400 <= reply.status_code < 500, (reply.status_code, reply.text)
    message = reply.json()["error"]
    assert message and "\n" not in message and "Traceback" not in message and 'File "' not in message
    return str(message)


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize("name", [each.name for each in presets()])
def test_a_ratio_in_hand_gives_the_library_s_voltages(client: TestClient, name: str) -> None:
    own = cell(name)
    shown = answer(client, cell=name, ddg=9.5, error=1.5, pump=0)
    ratio = permeability_ratio(9.5, temperature=own.temperature_k)
    share = {ion: p / own.permeability["K"] for ion, p in own.permeability.items()}
    channels = {**share, "K": 1.0, "Na": 1.0 / ratio + share.get("Na", 0.0)}
    sides = {"outside": own.outside, "inside": own.inside, "temperature": own.temperature_k}
    assert shown["ratio"] == ratio
    assert shown["ratio_interval"] == list(ratio_interval(9.5, 1.5, temperature=own.temperature_k))
    assert shown["v_mv"] == pytest.approx(ghk_voltage(channels, **sides), abs=1e-9)
    low, high = shown["v_interval_mv"]
    assert low < shown["v_mv"] < high and shown["pump_mv"] == 0.0
    if not channels.get("Cl"):
        pumped = answer(client, cell=name, ddg=9.5)
        assert pumped["v_mv"] == pytest.approx(mullins_noda_voltage(channels, **sides), abs=1e-9)


def test_the_ratio_is_the_barrier_s_other_name(client: TestClient) -> None:
    shown = answer(client, ratio=100, temperature=298.15)
    assert shown["ddg_kj_mol"] == pytest.approx(11.42, abs=5e-3) and shown["ratio"] == pytest.approx(100.0)
    assert answer(client, **dict(item.split("=") for item in shown["query"].split("&")))["v_mv"] == shown["v_mv"]


def test_the_curve_runs_through_the_point(client: TestClient) -> None:
    shown = answer(client, ddg=12.0, pump=0.5, k_out=8)
    on_curve = np.interp(12.0, shown["curve"]["ddg_kj_mol"], shown["curve"]["v_mv"])
    assert on_curve == pytest.approx(shown["v_mv"], abs=0.05)
    assert np.all(np.diff(shown["curve"]["v_mv"]) < 0.0)


@pytest.mark.parametrize(("dilation", "scale", "water"), [(0.0, "force-field", 1.0), (-0.1, "marcus", 0.95)])
def test_a_rigid_filter_gives_the_library_s_score(
    client: TestClient, dilation: float, scale: str, water: float
) -> None:
    state = {**RIGID, "dilation": dilation, "hydration": scale, "water": water}
    filter = ideal_filter("kcsa-like")
    score = score_filter(
        filter.dilated(dilation) if dilation else filter, treatment="rigid", hydration_state="dry", rule="profile",
        hydration=scale if water == 1.0 else f"{scale}*{water}", temperature=310.15,
    )  # fmt: skip
    at_once = answer(client, **state)
    assert at_once["ddg_kj_mol"] == pytest.approx(score.ddg_barrier_kj_mol, abs=1e-6)
    for shown, site in zip(at_once["sites"], score.sites, strict=True):
        assert shown["name"] == site.site and shown["ddg_kj_mol"] == pytest.approx(site.ddg_kj_mol, abs=1e-6)
    later = whole(client, **state)
    assert later["ratio"] == pytest.approx(score.permeability_ratio, rel=1e-9) and not later["pending"]
    assert later["ratio_interval"] == pytest.approx(score.permeability_ratio_interval, rel=1e-9)
    assert [site["error_kj_mol"] for site in later["sites"]] == pytest.approx([s.ddg_error_kj_mol for s in score.sites])


def test_the_filter_breathes_by_exactly_the_dilation(client: TestClient) -> None:
    rest, wide = (answer(client, **RIGID, dilation=dilation)["filter"] for dilation in (0.0, 0.15))
    for before, after in zip(rest["rings"], wide["rings"], strict=True):
        assert after["radius"] - before["radius"] == pytest.approx(0.15, abs=2e-3)
    assert 0.15 in dilation_steps() and client.get("/api/structure/kcsa-like").json()["at_rest"]["xyz"] == rest["xyz"]


def test_a_filter_that_does_not_conduct_has_no_ratio_and_says_why(client: TestClient) -> None:
    shown = whole(client, **RIGID, structure="collapsed-like")
    assert shown["ratio"] is None and shown["v_mv"] is None and not shown["pending"]
    assert "does not conduct" in shown["notes"][0] and "interrupted" in shown["notes"][0]
    assert "no ratio" in refusal(client.post("/api/rundown", json={**RIGID, "structure": "collapsed-like"}))
    assert "no ratio" in refusal(client.get("/export/command.sh?mode=filter&treatment=rigid&structure=collapsed-like"))


def test_the_run_down_is_the_library_s(client: TestClient) -> None:
    shown = client.post("/api/rundown", json={"ddg": 12}).json()
    ratio = permeability_ratio(12.0, temperature=310.15)
    own = cell("neuron").changed(permeability={"K": 1.0, "Na": 1.0 / ratio + 0.04, "Cl": 0.0})
    expected = run_down(cell_for_run_down(own), pump_blocked(60.0))
    np.testing.assert_allclose(shown["v_mv"], expected.v_mv, atol=1e-6)
    assert shown["minutes"][-1] == 60.0 and any("resistance" in note for note in shown["notes"])


# ---------------------------------------------------------------- exports

EXPORTED = [
    "",
    "ddg=-3.25&cell=macrophage&pump=0.35&k_out=20",
    "cell=squid-axon&chloride=0&temperature=280.15",
    "cell=ventricular-myocyte&leak=0.02&error=0",
    "mode=filter&treatment=rigid&dilation=0.05&hydration=schmid&water=0.97&temperature=300.15",
]


@pytest.mark.parametrize("query", EXPORTED)
def test_the_exported_command_line_gives_the_same_voltage(
    client: TestClient, query: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = json.loads(client.get(f"/export/data.json?{query}").text)
    monkeypatch.chdir(tmp_path)
    lines = [line for line in client.get(f"/export/command.sh?{query}").text.splitlines() if not line.startswith("#")]
    results = []
    for line in lines:
        program, *arguments = shlex.split(line)
        capsys.readouterr()
        assert program == "selectivity"
        assert main(arguments if arguments[0] == "build" else [*arguments, "--json", "-"]) == 0, line
        if arguments[0] != "build":
            results.append(json.loads(capsys.readouterr().out))
    assert results[-1]["v_mv"] == pytest.approx(expected["v_mv"], abs=1e-9)
    if "mode=filter" in query:
        assert results[0]["rows"][0]["p_k_over_p_na_ratio"] == pytest.approx(expected["ratio"], rel=1e-9)
    else:
        assert results[0]["permeability_ratio"] == pytest.approx(expected["ratio"], rel=1e-12)


@pytest.mark.parametrize("query", [EXPORTED[1], EXPORTED[4]])
def test_the_exported_python_gives_the_same_voltage(client: TestClient, query: str, tmp_path: Path) -> None:
    expected = json.loads(client.get(f"/export/data.json?{query}").text)
    script = tmp_path / "state.py"
    script.write_text(client.get(f"/export/code.py?{query}").text, encoding="utf-8")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.splitlines()[-1].split()[1]) == pytest.approx(expected["v_mv"], abs=1e-9)


def test_data_and_figures_are_what_their_names_say(client: TestClient) -> None:
    svg, png = (client.get(f"/export/figure.{kind}?ddg=6") for kind in ("svg", "png"))
    assert (
        svg.text.lstrip().startswith("<?xml") and "<script" not in svg.text and png.content[:8] == b"\x89PNG\r\n\x1a\n"
    )
    header, row = client.get("/export/data.csv?ddg=6").text.splitlines()
    column = dict(zip(header.split(","), row.split(","), strict=True))
    assert float(column["v_mv"]) == answer(client, ddg=6)["v_mv"] and column["state_cell"] == "neuron"
    assert "no export" in refusal(client.get("/export/figure.exe"))


# ---------------------------------------------------------------- states and bad input

BAD = [
    ({"ddg": "nan"}, "needed"), ({"ddg": float("inf")}, "needed"), ({"ddg": None}, "number"), ({"ddg": True}, "number"),
    ({"ddg": [1]}, "number"), ({"k_out": -1}, "is needed"), ({"k_out": 1e300}, "is needed"), ({"k_in": 0}, "is needed"),
    ({"temperature": 37}, "273.15 to 373"), ({"cell": "neurom"}, "did you mean 'neuron'"), ({"cell": 3}, "word"),
    ({"mode": "filtre"}, "did you mean 'filter'"), ({"pumps": 1}, "did you mean 'pump'"), ({"ratio": -2}, "positive"),
    ({"ratio": "1e400"}, "positive"), ({"structure": "upload-0"}, "drop it again"), ({"hydration": "marcus*2"}, "there are"),
    ({"x" * 500: 1}, "no control"), ({"dilation": -0.6}, "is needed"), ({"ddg": 10**400}, "number"),
]  # fmt: skip


@pytest.mark.parametrize(("state", "words"), BAD, ids=[str(case[0])[:40] for case in BAD])
@pytest.mark.parametrize("path", ["/api/answer", "/api/rundown"])
def test_bad_input_is_refused_in_one_line(client: TestClient, path: str, state: dict, words: str) -> None:
    body = json.dumps(state)  # NaN and Infinity too: a page could send them
    reply = client.post(path, content=body, headers={"content-type": "application/json"})
    message = refusal(reply)
    assert words in message and len(message) < 1000


@pytest.mark.parametrize("body", ["", "{", "[1]", '"x"', "null", "\x00", '{"ddg": 1', "[" * 5000, "{" + '"a":{' * 3000])
def test_broken_json_is_refused_in_one_line(client: TestClient, body: str) -> None:
    reply = client.post("/api/answer", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 400 and "broken JSON" in refusal(reply)


def test_other_types_and_long_bodies_are_refused(client: TestClient) -> None:
    assert client.post("/api/answer", content="{}", headers={"content-type": "text/plain"}).status_code == 415
    long = json.dumps({"ddg": " " * LARGEST_STATE})
    assert client.post("/api/answer", content=long, headers={"content-type": "application/json"}).status_code == 413
    assert client.get("/api/answer").status_code == 405
    for path in ("/no-such-page", "/api/structure/nothing", "/../pyproject.toml", "/export/"):
        assert 400 <= client.get(path).status_code < 500


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JUNK = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(st.text(max_size=5), PLAIN, max_size=3)
NUMBERS = {name: st.floats(control.low, control.high) for name, control in CONTROLS.items()}


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from([*State.__dataclass_fields__, "ratio", "other"]), JUNK, max_size=5))
def test_whatever_a_state_holds_it_is_answered_or_refused(client: TestClient, state: dict) -> None:
    state.pop("mode", None)
    reply = client.post("/api/answer", content=json.dumps(state), headers={"content-type": "application/json"})
    if reply.status_code != 200:
        refusal(reply)


@settings(max_examples=100)
@given(st.fixed_dictionaries({}, optional=NUMBERS))
def test_every_state_within_its_limits_is_answered_and_its_address_is_the_same_state(
    client: TestClient, numbers: dict
) -> None:
    reply = client.post("/api/answer", json=numbers)
    if reply.status_code != 200:
        assert "outruns" in refusal(reply)  # the one thing that numbers within their limits cannot ask for
        return
    shown = reply.json()
    pairs = dict(item.split("=") for item in shown["query"].split("&") if item)
    assert asdict(state_of(pairs)) == shown["state"]
    json.dumps(shown, allow_nan=False)


def test_the_defaults_of_a_cell_are_its_preset() -> None:
    plain = defaults_of("squid-axon")
    assert plain.k_in == 400.0 and plain.chloride == 0.45 and plain.address() == "cell=squid-axon"
    assert asdict(defaults_of("neuron")) == asdict(State())


# ---------------------------------------------------------------- doors


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "169.254.169.254"])
def test_other_host_names_are_refused(client: TestClient, host: str) -> None:
    for path in ("/", "/api/setup", "/explorer.js"):
        assert client.get(path, headers={"host": host}).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}, {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
    ],
)  # fmt: skip
def test_pages_of_other_sites_are_refused(client: TestClient, headers: dict) -> None:
    for reply in (client.post("/api/answer", json={}, headers=headers), client.get("/api/setup", headers=headers)):
        assert reply.status_code == 403 and "another site" in refusal(reply)
        assert not [name for name in reply.headers if name.startswith("access-control")]


def test_every_answer_carries_the_security_headers_and_none_invites_others(client: TestClient) -> None:
    own = {"origin": BASE, "sec-fetch-site": "same-origin"}
    for reply in (client.get("/"), client.get("/nothing"), client.post("/api/answer", json={}, headers=own)):
        assert {name: reply.headers[name] for name in HEADERS} == HEADERS
        assert not [name for name in reply.headers if name.startswith("access-control")]
    policy = HEADERS["content-security-policy"]
    assert "script-src 'self';" in policy and "unsafe-eval" not in policy and "default-src 'none'" in policy


def test_the_page_asks_nobody_else() -> None:
    folder = Path(run.__file__).with_name("page")
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        assert "http://" not in text and "https://" not in text and "//cdn" not in text, path.name
        assert "innerHTML" not in text and "eval(" not in text and "new Function" not in text, path.name
        assert " on" not in text or path.suffix != ".html" or "onclick" not in text


# ---------------------------------------------------------------- files


def test_a_dropped_file_is_a_structure_and_leaves_nothing_on_the_disk(
    client: TestClient,
) -> None:
    evil = "<script>alert(1)</script>"
    text = build_pdb("kcsa-like").replace("TITLE     IDEALISED", f"TITLE     {evil}", 1)
    name = client.post("/api/structure?name=../../my%20file.pdb", content=text.encode()).json()["structure"]
    shown = client.get(f"/api/structure/{name}").json()
    assert evil.upper() in shown["title"].upper()  # text that the page puts where text goes
    assert {"name": name, "title": "my_file.pdb"} in client.get("/api/setup").json()["structures"]
    assert answer(client, **RIGID, structure=name)["ddg_kj_mol"] == pytest.approx(answer(client, **RIGID)["ddg_kj_mol"])
    code = client.get(f"/export/code.py?mode=filter&treatment=rigid&structure={name}").text
    assert "load_filter('my_file.pdb')" in code
    svg = client.get(f"/export/figure.svg?mode=filter&treatment=rigid&structure={name}").text
    assert "<script" not in svg
    assert not list(Path(tempfile.gettempdir()).glob("selectivity-*/**/my_file.pdb"))


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "a.pdb", "empty"), (b"hello", "a.pdb", ""), (b"\x00\xff" * 500, "a.cif", ""), (b"\x1f\x8b garbage", "a.pdb.gz", ""),
        (b"ATOM", "a.gro", ""), (b"MODEL 1\n" * 100, "x" * 400, ""),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_in_one_line(client: TestClient, content: bytes, name: str, words: str) -> None:
    assert words in refusal(client.post(f"/api/structure?name={name}", content=content))


def test_a_file_that_is_too_large_is_refused_before_it_is_read(client: TestClient) -> None:
    reply = client.post("/api/structure?name=a.pdb", content=b"x" * (LARGEST_UPLOAD + 1))
    assert reply.status_code == 413 and "30 MB" in refusal(reply)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\x.pdb", ".bashrc", "a;rm -rf ~.pdb", "-o.pdb", "é\n.pdb", "/"]
)
def test_names_of_files_are_names_only(name: str) -> None:
    safe = safe_name(name)
    assert safe == shlex.quote(safe) and not safe.startswith((".", "-")) and "/" not in safe and "\\" not in safe


# ---------------------------------------------------------------- the worker


def test_the_worker_stops_what_takes_too_long_and_what_nobody_waits_for(client: TestClient) -> None:
    workshop: Workshop = client.app.state.shelf.workshop  # type: ignore[attr-defined]
    job = ("full_score", ideal_filter("kcsa-like"), 0.0, "relaxed", 0.3, "force-field", 298.15)
    with pytest.raises(WorkRefused, match="stopped after"):
        workshop.submit(*job, seconds=0.2).result(timeout=300)
    unwanted = workshop.submit(*job, seconds=60.0)
    time.sleep(0.2)
    workshop.drop(unwanted)
    with pytest.raises(CancelledError):
        unwanted.result(timeout=1)
    with pytest.raises(SelectivityError, match="no ideal filter"):
        workshop.submit("filter_by_name", "kcsa-lik\nx", seconds=300.0).result(timeout=300)
    with pytest.raises(RuntimeError, match="unexpected KeyError"):
        workshop.submit("no_such_job", seconds=300.0).result(timeout=300)
    assert workshop.submit("filter_by_name", "nak-like", seconds=300.0).result(timeout=300)[0].signature == "TVGDG"


# ---------------------------------------------------------------- stories

STEPS = [(story, number) for story in stories() for number in range(len(story.steps))]


@pytest.mark.parametrize(("story", "number"), STEPS, ids=[f"{story.name}-{number}" for story, number in STEPS])
def test_one_prediction_holds_and_the_library_says_which(client: TestClient, story: Any, number: int) -> None:
    step = story.steps[number]
    found = [
        client.post("/api/check", json={"story": story.name, "step": number, "choice": i}).json()
        for i in range(len(step.choices))
    ]
    assert [verdict["held"] for verdict in found].count(True) == 1
    right = found[0]["right"]
    assert found[right]["held"] and sum(choice.holds(found[0]["value"]) for choice in step.choices) == 1
    assert "{" not in found[0]["because"] and "None" not in found[0]["because"]
    after = state_of(step.after)
    if step.quantity in ("v", "dv") and after.mode == "ratio":
        assert f"{answer(client, **step.after)['v_mv']:.0f}".replace("-", "−") in found[0]["because"]


def test_stories_are_keyed_to_claims_and_keep_their_answers(client: TestClient, root: Path) -> None:
    claims = (root / "docs" / "the-course-text.md").read_text(encoding="utf-8")
    assert [story.title for story in stories()] == [
        "Break the filter", "Block the pump", "Warm the cell", "High-potassium bath", "A non-selective mutant",
    ]  # fmt: skip
    for story in stories():
        assert f"## Claim {story.claim}\n" in claims and story.misconception
        if story.source:
            assert reference(story.source)
    shown = json.dumps(client.get("/api/setup").json()["stories"])
    assert "because" not in shown and '"low"' not in shown and '"after"' not in shown


@pytest.mark.parametrize("asked", [{}, {"story": "none", "step": 0}, {"story": "warm-the-cell", "step": 99},
                                   {"story": "warm-the-cell", "step": True}, {"story": "warm-the-cell", "step": 0, "choice": 7},
                                   {"story": ["x"], "step": 0}])  # fmt: skip
def test_a_check_of_nothing_is_refused(client: TestClient, asked: dict) -> None:
    refusal(client.post("/api/check", json=asked))


# ---------------------------------------------------------------- start


def test_a_port_that_is_taken_gives_way_to_the_next_or_to_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with run.bound_socket("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(run, "DEFAULT_PORT", port)
        with run.bound_socket("127.0.0.1", None) as other:
            assert port < other.getsockname()[1] < port + run.TRIES
        with pytest.raises(OutOfRange, match=f"port {port}: .*in use.*--port"):
            run.bound_socket("127.0.0.1", port)
    for host in ("0.0.0.0", "::", ""):
        with pytest.raises(OutOfRange, match="every address"):
            run.bound_socket(host, 0)
    with pytest.raises(OutOfRange, match=r"no-such-host"):
        run.bound_socket("no-such-host.invalid", 0)


def test_without_the_extra_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [
        name
        for name in sys.modules
        if name == "selectivity.app.run" or name.startswith(("uvicorn", "selectivity.app.run"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("selectivity.app.run")
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["explore", "--check"]) == 1
    assert (
        capsys.readouterr().err
        == 'error: explore needs uvicorn, which is not installed: pip install "selectivity[explore]"\n'
    )


def test_a_missing_file_ends_before_anything_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", "no_such_file.pdb", "--no-browser"]) == 1
    assert "no such file" in capsys.readouterr().err
