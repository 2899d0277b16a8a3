// The page draws; the library computes. A tab is one state, kept in its address; every number comes from the server.
"use strict";

const INK = "#22262b", QUIET = "#5f6670", PALE = "#e3e7ec", FIRST = "#0b4f8a", SECOND = "#d55e00";
const ION = { K: "#7b3f94", Na: "#b87900", Cl: "#00795a" };
const ION_NAME = { K: "K⁺", Na: "Na⁺", Cl: "Cl⁻" };
const REFINE_AFTER_MS = 350;

const $ = (id) => document.getElementById(id);
const page = { setup: null, state: null, answer: null, past: [], future: [], latency: [], busy: false, next: null };
window.explorer = page; // what a test reads: state, answer, latencies in ms

// ---------------------------------------------------------------- server

async function post(path, body, signal) {
  const reply = await fetch(path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal,
  });
  return unpacked(reply);
}

async function get(path) { return unpacked(await fetch(path)); }

async function unpacked(reply) {
  let body;
  try { body = await reply.json(); } catch { body = { error: `the explorer answered ${reply.status}` }; }
  if (!reply.ok) throw new Error(body.error);
  return body;
}

function complain(problem) {
  if (problem && problem.name === "AbortError") return;
  const gone = problem instanceof TypeError; // fetch could not reach the server
  $("error").textContent = gone ? "the explorer does not answer; is it still running?" : problem.message;
  $("error").hidden = false;
}

function refuse(label) { // an empty or unreadable field: said at once, and the field shows its old number again
  complain(new Error(`${label}: a number is needed`));
  showControls();
}

// ---------------------------------------------------------------- small builders

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && name !== "list") made[name] = value; else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function switcher(host, name, labels) {
  const buttons = Object.entries(labels).map(([value, label]) => {
    const button = element("button", { type: "button", textContent: label });
    button.setAttribute("role", "radio");
    button.dataset.value = value;
    button.addEventListener("click", () => commit({ [name]: value }));
    return button;
  });
  host.replaceChildren(...buttons);
  host.show = (now) => buttons.forEach((b) => b.setAttribute("aria-checked", String(b.dataset.value === now)));
}

// ---------------------------------------------------------------- controls

const shows = []; // functions that bring a control up to date with the state

function numberRow(name, { hint } = {}) {
  const control = page.setup.controls[name];
  const text = (value) => String(Number(value.toPrecision(6)));
  const number = element("input", { type: "number", step: "any", id: `n-${name}` });
  number.setAttribute("aria-label", `${control.label}${control.unit ? ` (${control.unit})` : ""}`);
  const range = element("input", { type: "range", id: `r-${name}`, step: control.step });
  range.setAttribute("aria-label", control.label);
  range.addEventListener("input", () => move({ [name]: range.valueAsNumber }));
  range.addEventListener("change", () => commit({ [name]: range.valueAsNumber }));
  number.addEventListener("change", () => number.value === "" ? refuse(control.label) : commit({ [name]: number.value }));
  shows.push((state, sliders) => {
    const [low, high] = sliders[name] || [control.slider_low, control.slider_high];
    range.min = low; range.max = high;
    if (document.activeElement !== range || !page.sliding) range.value = state[name];
    if (document.activeElement !== number || !page.typing) number.value = text(state[name]);
  });
  const value = element("span", { className: "value" }, number, element("span", { className: "unit", textContent: control.unit }));
  const row = element("div", { className: "row" }, element("label", { htmlFor: `n-${name}`, textContent: control.label }), value, range);
  if (hint) row.append(hint);
  return row;
}

function ratioRow() {
  const number = element("input", { type: "number", step: "any", id: "n-ratio" });
  number.addEventListener("change", () => number.value === "" ? refuse("the ratio") : commit({ ratio: number.value }));
  shows.push(() => {
    const ratio = page.answer && page.answer.ratio;
    number.value = ratio ? String(Number(ratio.toPrecision(5))) : "";
  });
  const label = element("label", { htmlFor: "n-ratio" }, "… or the ratio P", element("sub", { textContent: "K" }), "/P", element("sub", { textContent: "Na" }));
  const value = element("span", { className: "value" }, number, element("span", { className: "unit" }));
  return element("div", { className: "row" }, label, value);
}

function choiceRow(name, label, options) {
  const select = element("select", { id: `s-${name}` });
  select.addEventListener("change", () => commit({ [name]: select.value }));
  select.fill = (choices) => select.replaceChildren(...choices.map(([value, text]) => element("option", { value, textContent: text })));
  select.fill(options);
  shows.push((state) => { select.value = state[name]; });
  return element("div", { className: "row" }, element("label", { htmlFor: `s-${name}`, textContent: label }), select);
}

function buildControls() {
  const { setup } = page;
  const card = (id, title, ...rows) => element("div", { className: "card group", id }, element("h2", { textContent: title }), ...rows);
  const celsius = element("p", { className: "hint" });
  shows.push((state) => { celsius.textContent = `${(state.temperature - 273.15).toFixed(1).replace("-", "−")} °C`; });

  const file = element("input", { type: "file", id: "file", hidden: true, accept: ".pdb,.ent,.cif,.pdb1,.gz,.gro" });
  file.addEventListener("change", () => { if (file.files[0]) upload(file.files[0]); file.value = ""; });
  const open = element("button", { type: "button", textContent: "open a file …" });
  open.addEventListener("click", () => file.click());

  const ratio = card("ratio-card", "The filter, as a number", numberRow("ddg"), ratioRow(), numberRow("error"),
    element("p", { className: "hint", textContent: "P(K⁺)/P(Na⁺) = exp(ΔΔG‡/RT); positive: K⁺ passes more easily." }));
  const structure = choiceRow("structure", "structure", structureOptions());
  const sigma = numberRow("sigma");
  const filter = card("filter-card", "The filter, from its atoms", structure, open, file, numberRow("dilation"),
    choiceRow("treatment", "oxygens", [["relaxed", "relaxed (seconds)"], ["rigid", "rigid (at once)"]]), sigma,
    choiceRow("hydration", "water leg", setup.choices.hydration.map((name) => [name, name.replace("-", " ")])), numberRow("water"),
    element("p", { className: "hint", textContent: "One ion in a dry filter, one barrier (rule profile). Rigid exaggerates; selectivity score samples, with water and the queue." }));
  const cell = card("cell-card", "The cell", choiceRow("cell", "preset", setup.cells.map((c) => [c.name, c.title])), numberRow("temperature", { hint: celsius }),
    element("div", { className: "pair" }, ...["k_out", "k_in", "na_out", "na_in", "cl_out", "cl_in"].map((name) => numberRow(name))));
  const off = element("button", { type: "button", id: "pump-off" });
  off.addEventListener("click", () => commit({ pump: page.state.pump > 0 ? 0 : 1 }));
  shows.push((state) => { off.textContent = state.pump > 0 ? "block the pump" : "start the pump"; });
  const leaks = card("leak-card", "Pump and leaks", numberRow("pump"), off, numberRow("leak"), numberRow("chloride"),
    element("p", { className: "hint", textContent: "Strength 1 balances the leaks of K⁺ and Na⁺ at the cell's own temperature (Mullins–Noda); 0 is Goldman." }));
  shows.push((state) => {
    ratio.hidden = state.mode !== "ratio"; filter.hidden = state.mode !== "filter"; sigma.hidden = state.treatment === "rigid";
    (state.mode === "ratio" ? ratio : filter).parentNode.prepend(state.mode === "ratio" ? ratio : filter);
  });
  $("controls").replaceChildren(ratio, filter, cell, leaks);
  page.fillStructures = () => structure.querySelector("select").fill(structureOptions());
  document.addEventListener("pointerdown", (event) => { page.sliding = event.target.type === "range"; });
  document.addEventListener("pointerup", () => { page.sliding = false; });
  document.addEventListener("input", (event) => { page.typing = event.target.type === "number"; });
  document.addEventListener("change", () => { page.typing = false; });
}

const structureOptions = () => page.setup.structures.map(({ name, title }) => [name, title]);

// ---------------------------------------------------------------- state: move, commit, undo

function wanted(changes) {
  if (changes.cell && changes.cell !== page.state.cell) { // another cell brings its own numbers; the filter stays
    const { mode, ddg, error, structure, treatment, sigma, dilation, hydration, water, view } = page.state;
    return { mode, ddg, error, structure, treatment, sigma, dilation, hydration, water, view, ...changes };
  }
  return { ...page.state, ...changes };
}

function move(changes) { // while a slider is held
  const begun = performance.now();
  page.held ??= page.state;
  page.state = { ...page.state, ...changes };
  ask(page.state, begun);
}

async function commit(changes, { remember = true } = {}) { // a choice that can be undone
  const before = page.held || page.state, begun = performance.now();
  page.held = null;
  const asked = wanted(changes);
  if ("ratio" in changes) delete asked.ddg;
  await ask(asked, begun, () => {
    if (remember && JSON.stringify(before) !== JSON.stringify(page.state)) { page.past.push(before); page.future = []; }
    showHistory();
  }, () => { page.state = before; });
}

function step(from, to) {
  if (!from.length) return;
  to.push(page.state);
  const state = from.pop();
  showHistory();
  ask(state, performance.now());
}

function showHistory() {
  $("undo").disabled = !page.past.length;
  $("redo").disabled = !page.future.length;
}

async function ask(state, begun, done, failed) { // the latest question wins; one is on its way at any time
  if (page.busy) {
    if (page.next && page.next.done) { const earlier = page.next.done, later = done; done = () => { earlier(); if (later) later(); }; }
    page.next = { state, begun, done, failed };
    return page.running;
  }
  page.busy = true;
  page.refining?.abort();
  clearTimeout(page.timer);
  page.running = (async () => {
    const slow = setTimeout(() => wait("asking …"), 200);
    try {
      const answer = await post("/api/answer", state);
      if (!page.next || !page.next.failed) { $("error").hidden = true; }
      take(answer, begun);
      if (done) done();
    } catch (problem) {
      if (failed) failed();
      complain(problem);
      if (page.answer && page.state) showControls();
      stopWaiting();
    } finally {
      clearTimeout(slow);
      page.busy = false;
    }
    if (page.next) {
      const { state: later, begun: since, done: after, failed: otherwise } = page.next;
      page.next = null;
      await ask(later, since, after, otherwise);
    }
  })();
  return page.running;
}

function take(answer, begun) { // an answer is here: numbers first, pictures in the next frame
  page.answer = answer;
  if (!page.next) page.state = answer.state;
  showNumbers(answer);
  requestAnimationFrame(() => {
    if (begun !== undefined) {
      const channel = new MessageChannel(); // runs after the frame was painted
      channel.port1.onmessage = () => page.latency.push(performance.now() - begun);
      channel.port2.postMessage(null);
    }
    clearTimeout(page.drawing);
    page.drawing = setTimeout(() => draw(answer), 0);
  });
  if (!page.next) {
    history.replaceState(null, "", answer.query ? `?${answer.query}` : location.pathname);
    showControls();
    if (answer.pending) refineSoon(answer.state);
  }
}

function refineSoon(state) {
  clearTimeout(page.timer);
  page.timer = setTimeout(async () => {
    const control = new AbortController(), since = performance.now();
    page.refining?.abort();
    page.refining = control;
    const what = state.treatment === "relaxed" ? "relaxing the filter" : "finding its interval";
    const clock = setInterval(() => wait(`${what} … ${((performance.now() - since) / 1000).toFixed(0)} s`), 500);
    wait(`${what} …`);
    try {
      const answer = await post("/api/refine", state, control.signal);
      if (!control.signal.aborted && !page.busy) take(answer);
    } catch (problem) { complain(problem); }
    clearInterval(clock);
    if (!control.signal.aborted) stopWaiting();
  }, REFINE_AFTER_MS);
}

function wait(text) {
  $("progress").hidden = false;
  $("progress-text").textContent = text;
}

function stopWaiting() { $("progress").hidden = true; }

// ---------------------------------------------------------------- drawing

function showControls() {
  const { state, sliders } = page.answer;
  shows.forEach((show) => show(state, sliders));
  $("mode").show(state.mode);
  $("view").show(state.view);
  showExports();
}

const minus = (text) => text.replace(/-(?=\d)/g, "−");

function showNumbers(answer) {
  const { words, pending, state } = answer, missing = answer.ratio === null;
  const waiting = missing && pending;
  document.querySelector(".numbers").classList.toggle("waiting", waiting);
  if (!waiting) {
    $("ratio").textContent = missing ? (answer.ratio_interval ? "—" : "none") : power(words.ratio);
    $("voltage").replaceChildren(answer.v_mv === null ? (answer.v_interval_mv ? "—" : "none") : minus(words.v), element("small", { textContent: answer.v_mv === null ? "" : " mV" }));
  }
  $("ratio").dataset.value = answer.ratio ?? "";
  $("voltage").dataset.value = answer.v_mv ?? "";
  const interval = (text, unit) => (text ? `95 %: ${minus(power(text))}${unit}` : pending ? "95 %: …" : "");
  $("ratio-interval").textContent = interval(words.ratio_interval, "");
  $("voltage-interval").textContent = interval(words.v_interval, " mV");
  if (!pending) stopWaiting();
  $("sites-card").hidden = state.mode !== "filter";
}

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const power = (text) => text.replace(/e(-?\d+)/g, (_, digits) => ` × 10${[...digits].map((d) => SUPERSCRIPT[d]).join("")}`);

function draw(answer) {
  drawParts(answer);
  const items = answer.notes.map((note) => element("li", { textContent: note })), few = 4;
  $("notes").replaceChildren(...items.slice(0, few));
  $("more-notes").replaceChildren(...items.slice(few));
  $("more").hidden = items.length <= few;
  $("notes-card").hidden = !answer.notes.length;
  if (answer.state.mode === "filter") drawSites(answer);
  if (answer.state.view === "rundown") drawRunDown(answer); else drawCurve(answer);
  drawFilter(answer);
}

const BARE = { displayModeBar: false, responsive: true };
const FONT = { family: "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif", size: 12, color: INK };

function layout(extra) {
  return {
    font: FONT, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", hovermode: "closest", showlegend: false,
    margin: { l: 54, r: 46, t: 10, b: 44 }, ...extra,
  };
}

const axis = (title, extra = {}) => ({ title: { text: title, standoff: 8 }, gridcolor: PALE, zeroline: false, linecolor: "#b9c0c8", ticks: "outside", tickcolor: "#b9c0c8", ...extra });

function drawCurve(answer) {
  const { ddg_kj_mol: x, v_mv: v } = answer.curve;
  const shapes = [], annotations = [];
  for (const [ion, e] of Object.entries(answer.nernst_mv)) {
    shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: e, y1: e, line: { color: ION[ion], width: 1, dash: "dot" } });
  }
  for (const { ion, e, y } of spread(answer.nernst_mv)) {
    annotations.push({ xref: "paper", x: 1, xanchor: "left", y, text: `E<sub>${ion}</sub>`, showarrow: false, font: { size: 12, color: ION[ion] }, hovertext: `${e.toFixed(1)} mV` });
  }
  if (answer.v_interval_mv) {
    const [low, high] = answer.v_interval_mv;
    shapes.push({ type: "rect", xref: "paper", x0: 0, x1: 1, y0: low, y1: high, fillcolor: "#0b4f8a", opacity: 0.09, line: { width: 0 } });
  }
  const traces = [{ x, y: v, mode: "lines", line: { color: FIRST, width: 2.5 }, hovertemplate: "ΔΔG‡ %{x:.1f} kJ/mol<br>V %{y:.1f} mV<extra></extra>" }];
  if (answer.v_mv !== null) {
    traces.push({ x: [answer.ddg_kj_mol], y: [answer.v_mv], mode: "markers", marker: { size: 13, color: SECOND, line: { color: "#fff", width: 2 } }, hovertemplate: "here: V %{y:.1f} mV<extra></extra>" });
  }
  const all = [...v, ...Object.values(answer.nernst_mv)];
  const range = [Math.min(-100, ...all) - 5, Math.max(70, ...all) + 5];
  Plotly.react("plot", traces, layout({ shapes, annotations, xaxis: axis("barrier difference ΔΔG‡ (kJ/mol)", { range: [x[0], x[x.length - 1]] }), yaxis: axis("membrane potential (mV)", { range }) }), BARE);
}

function spread(nernst) { // labels that would lie on one another are moved apart
  const labels = Object.entries(nernst).map(([ion, e]) => ({ ion, e, y: e })).sort((a, b) => a.e - b.e);
  for (let i = 1; i < labels.length; i += 1) labels[i].y = Math.max(labels[i].y, labels[i - 1].y + 12);
  return labels;
}

async function drawRunDown(answer) {
  const key = answer.query;
  if (answer.ratio === null) { Plotly.react("plot", [], layout({ annotations: [{ text: answer.pending ? "waiting for the filter …" : "no ratio, no membrane to run down", showarrow: false, font: FONT }], xaxis: { visible: false }, yaxis: { visible: false } }), BARE); return; }
  if (page.runKey !== key) {
    page.runControl?.abort();
    page.runControl = new AbortController();
    try {
      page.run = await post("/api/rundown", answer.state, page.runControl.signal);
      page.runKey = key;
    } catch (problem) { complain(problem); return; }
  }
  if (page.answer !== answer && page.answer.query !== key) return;
  $("parts").append(...page.run.notes.map((note) => element("span", { textContent: note })));
  const run = page.run, line = (y, name, color, width, dash) => ({ x: run.minutes, y, name, mode: "lines", line: { color, width, dash }, hovertemplate: `%{x:.1f} min: %{y:.1f} mV<extra>${name}</extra>` });
  const traces = Object.entries(run.nernst_mv).map(([ion, y]) => line(y, `E(${ION_NAME[ion]})`, ION[ion], 1.4, "dash"));
  traces.push(line(run.v_mv, "V", INK, 3));
  Plotly.react("plot", traces, layout({ showlegend: true, legend: { orientation: "h", y: 1.12, x: 0 }, margin: { l: 54, r: 18, t: 34, b: 44 }, xaxis: axis("minutes after the pump has stopped"), yaxis: axis("potential (mV)") }), BARE);
}

function drawSites(answer) {
  const names = (answer.sites || answer.rigid || []).map((site) => site.name);
  const traces = [], rigid = answer.rigid, relaxed = answer.state.treatment === "relaxed";
  if (rigid && relaxed) {
    traces.push({ type: "bar", orientation: "h", y: names, x: rigid.map((s) => s.ddg_kj_mol), width: 0.82, name: "rigid", marker: { color: "rgba(0,0,0,0)", line: { color: "#9aa3ad", width: 1.4 } }, hovertemplate: "rigid: %{x:.1f} kJ/mol<extra>%{y}</extra>" });
  }
  if (answer.sites) {
    const energies = answer.sites.map((s) => s.ddg_kj_mol), errors = answer.sites.map((s) => s.error_kj_mol || 0);
    const colors = answer.sites.map((s) => (s.ddg_kj_mol >= 0 ? ION.K : ION.Na) + (s.dehydrated ? "" : "77"));
    traces.push({ type: "bar", orientation: "h", y: names, x: energies, width: 0.56, name: relaxed ? "relaxed" : "rigid", marker: { color: colors }, error_x: { type: "data", array: errors, color: INK, thickness: 1.2, width: 3, visible: errors.some((e) => e > 0) }, hovertemplate: "%{x:.1f} kJ/mol<extra>%{y}</extra>" });
  }
  const unformed = (answer.sites || []).filter((s) => s.ddg_kj_mol === null);
  const annotations = unformed.map((s) => ({ x: 0, y: s.name, text: " not formed: holds no ion", xanchor: "left", showarrow: false, font: { size: 11, color: QUIET } }));
  Plotly.react("sites", traces, layout({ barmode: "overlay", annotations, margin: { l: 44, r: 12, t: 4, b: 40 }, xaxis: axis("ΔΔG (kJ/mol)   ← Na⁺      K⁺ →", { zeroline: true, zerolinecolor: INK, zerolinewidth: 1 }), yaxis: { fixedrange: true, categoryorder: "array", categoryarray: names } }), BARE);
  $("sites-state").textContent = relaxed ? (answer.sites ? "solid relaxed, outlined rigid" : "rigid outlined; relaxed is being computed") : "rigid: oxygens held";
}

function drawParts(answer) {
  const part = (label, value, unit = " mV") => element("span", {}, `${label} `, element("b", { textContent: minus(value.toFixed(1)) + unit }));
  const parts = Object.entries(answer.nernst_mv).map(([ion, e]) => part(`E(${ION_NAME[ion]})`, e));
  if (answer.pump_mv !== null) parts.push(part("without the pump", answer.v_without_pump_mv), part("pump adds", answer.pump_mv));
  if (answer.ddg_kj_mol !== null) parts.push(part("ΔΔG‡", answer.ddg_kj_mol, " kJ/mol"));
  $("parts").replaceChildren(...parts);
}

// ---------------------------------------------------------------- the filter in three dimensions

const upright = ([x, y, z]) => ({ x, y: z, z: -y }); // the pore's axis points up, the cavity lies below

async function drawFilter(answer) {
  const name = answer.state.structure;
  if (page.shape?.name !== name) {
    if (page.fetching === name) return;
    page.fetching = name;
    try { page.shape = await get(`/api/structure/${encodeURIComponent(name)}`); } catch (problem) { complain(problem); return; } finally { page.fetching = null; }
    if (page.answer.state.structure !== name) return;
    build(page.shape);
    answer = page.answer;
  }
  const moved = answer.filter || page.shape.at_rest;
  const shape = page.shape, resolution = shape.resolution_angstrom ? `, ${shape.resolution_angstrom.toFixed(2)} Å` : "";
  $("structure-title").textContent = `${shape.signature} ${shape.first_residue}: ${shape.title || shape.heading}${resolution}`;
  const oxygens = moved.rings.filter((ring) => ring.radius < 4);
  $("rings").textContent = `ring radii ${oxygens.map((ring) => ring.radius.toFixed(2)).join(", ")} Å, cavity to outside`;
  if (page.viewer) breathe(moved);
}

function build(shape) {
  try {
    page.viewer ??= $3Dmol.createViewer($("molecule"), { backgroundColor: "white", antialias: true, disableFog: false });
  } catch {
    $("molecule").textContent = "The 3D view needs WebGL, which this browser does not offer; the numbers do not need it.";
    return;
  }
  const viewer = page.viewer, rings = new Set(shape.oxygens.flatMap((ring) => ring.atoms));
  viewer.removeAllModels(); viewer.removeAllShapes(); viewer.removeAllLabels();
  page.model = viewer.addModel();
  const bonds = shape.atoms.map(() => []);
  for (const [a, b] of shape.bonds) { bonds[a].push(b); bonds[b].push(a); }
  page.model.addAtoms(shape.atoms.map((atom, i) => ({
    elem: atom.element, atom: atom.name, resn: atom.residue, serial: i, index: i, bonds: bonds[i], bondOrder: bonds[i].map(() => 1),
    properties: { ring: rings.has(i) }, ...upright(shape.at_rest.xyz[i]),
  })));
  style();
  for (const ion of shape.ions) {
    viewer.addSphere({ center: upright(ion.xyz), radius: ion.radius, color: ION[ion.name] || "#6b7683", opacity: 0.35 + 0.55 * Math.min(1, ion.occupancy) });
  }
  const reach = Math.max(...shape.at_rest.xyz.map(([x, y]) => Math.hypot(x, y))) + 0.6;
  const heights = shape.at_rest.xyz.map(([, , z]) => z), low = Math.min(...heights) - 1.4, high = Math.max(...heights) + 1.4;
  for (const site of shape.sites) { // the open ends are longer than what is drawn of them
    viewer.addLabel(site.name, { position: { x: reach, y: Math.min(Math.max(site.z, low), high), z: 0 }, fontSize: 13, fontColor: "#22262b", backgroundOpacity: 0, inFront: true, alignment: "centerLeft" });
  }
  viewer.zoomTo(); viewer.zoom(0.94); viewer.rotate(12, "x");
  viewer.render();
}

function style() {
  page.model.setStyle({}, { stick: { radius: 0.11, colorscheme: { prop: "elem", map: { C: "#8d97a3", N: "#5677a6", O: "#d55e00" } } } });
  page.model.setStyle({ properties: { ring: true } }, { stick: { radius: 0.11, color: "#d55e00" }, sphere: { radius: 0.46, color: "#d55e00" } });
}

function breathe(moved) {
  const atoms = page.model.selectedAtoms({});
  moved.xyz.forEach((place, i) => Object.assign(atoms[i], upright(place)));
  style(); // rebuilds the geometry at the new places
  (page.edges || []).forEach((edge) => page.viewer.removeShape(edge));
  page.edges = page.shape.oxygens.flatMap(({ atoms: ring }) => ring.map((from, i) => page.viewer.addCylinder({
    start: upright(moved.xyz[from]), end: upright(moved.xyz[ring[(i + 1) % ring.length]]), radius: 0.035, color: "#d55e00", dashed: true, dashLength: 0.25, gapLength: 0.2,
  })));
  page.viewer.render();
}

// ---------------------------------------------------------------- files, sharing, export

async function upload(file) {
  wait(`reading ${file.name} …`);
  try {
    if (file.size > 30e6) throw new Error(`${file.name}: ${(file.size / 1e6).toFixed(0)} MB; at most 30 MB are taken`);
    const reply = await fetch(`/api/structure?name=${encodeURIComponent(file.name)}`, { method: "POST", headers: { "content-type": "application/octet-stream" }, body: file });
    const { structure } = await unpacked(reply);
    page.setup = await get("/api/setup");
    page.fillStructures();
    await commit({ mode: "filter", structure, dilation: 0 });
  } catch (problem) { complain(problem); stopWaiting(); }
}

function dropping() {
  const has = (event) => [...(event.dataTransfer?.types || [])].includes("Files");
  addEventListener("dragover", (event) => { if (has(event)) { event.preventDefault(); $("drop").hidden = false; } });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").hidden = true; });
  addEventListener("drop", (event) => {
    $("drop").hidden = true;
    if (has(event)) { event.preventDefault(); upload(event.dataTransfer.files[0]); }
  });
}

function showExports() {
  const kinds = { "figure.svg": "figure (SVG)", "figure.png": "figure (PNG)", "data.csv": "data (CSV)", "data.json": "data (JSON)", "code.py": "the same in Python", "command.sh": "the same on the command line" };
  $("exports").replaceChildren(...Object.entries(kinds).map(([kind, label]) => element("a", { href: `/export/${kind}?${page.answer.query}`, textContent: label, download: `selectivity_${kind}` })));
}

function sharing() {
  $("share").addEventListener("click", () => { $("share-address").value = location.href; $("share-dialog").showModal(); $("share-address").select(); });
  $("share-close").addEventListener("click", () => $("share-dialog").close());
  $("share-copy").addEventListener("click", async () => {
    $("share-address").select();
    try { await navigator.clipboard.writeText(location.href); $("share-copy").textContent = "copied"; } catch { $("share-copy").textContent = "press Ctrl+C"; }
    setTimeout(() => { $("share-copy").textContent = "copy"; }, 2000);
  });
}

// ---------------------------------------------------------------- stories: predict, then check

function listStories() {
  $("story-list").replaceChildren(...page.setup.stories.map((story) => {
    const button = element("button", { type: "button", textContent: story.title });
    button.addEventListener("click", () => { $("stories").open = false; tell(story, 0, []); });
    return button;
  }));
}

function close() { $("story").hidden = true; page.story = null; }

async function tell(story, number, results) {
  page.story = { name: story.name, step: number, results };
  const step = story.steps[number], form = element("form");
  const choices = step.choices.map((text, i) => element("label", {}, element("input", { type: "radio", name: "choice", value: String(i) }), text));
  const check = element("button", { className: "main", type: "submit", textContent: "this is my prediction", disabled: true });
  const leave = element("button", { type: "button", textContent: "leave the story" });
  leave.addEventListener("click", close);
  const verdict = element("div", { className: "outcome" });
  form.append(element("fieldset", {}, element("legend", { textContent: step.question }), ...choices), element("div", { className: "buttons" }, check, leave));
  form.addEventListener("change", () => { check.disabled = false; });
  form.addEventListener("submit", (event) => { event.preventDefault(); judge(story, number, results, form, choices, check, verdict); });
  $("story").replaceChildren(
    element("h2", {}, story.title, element("small", { textContent: `step ${number + 1} of ${story.steps.length}` })),
    element("div", { className: "told" },
      ...(number === 0 ? [element("p", { className: "misconception", textContent: `Often heard: “${story.misconception}”` })] : []),
      element("p", { textContent: step.text }), verdict),
    form,
  );
  $("story").hidden = false;
  await commit(storyState(step.before));
  $("story").scrollIntoView({ block: "nearest" });
}

function storyState(given) { // a step says what matters; the rest is the cell's own
  const cell = given.cell || "neuron", base = { ...page.setup.defaults[cell], ...given };
  if ("ratio" in given) delete base.ddg;
  for (const name of Object.keys(page.state)) if (!(name in base) && !("ratio" in given && name === "ddg")) base[name] = page.state[name];
  return base;
}

async function judge(story, number, results, form, choices, check, verdict) {
  const choice = Number(new FormData(form).get("choice"));
  check.disabled = true;
  form.querySelectorAll("input").forEach((input) => { input.disabled = true; });
  wait("computing the answer …");
  let found;
  try { found = await post("/api/check", { story: story.name, step: number, choice }); } catch (problem) {
    complain(problem); stopWaiting(); check.disabled = false; form.querySelectorAll("input").forEach((input) => { input.disabled = false; }); return;
  }
  stopWaiting();
  choices[found.right].classList.add("right");
  if (!found.held) choices[choice].classList.add("wrong");
  const all = [...results, found.held], last = number + 1 === story.steps.length;
  const next = element("button", { className: "main", type: "button", textContent: last ? "finish" : "next step" });
  next.addEventListener("click", () => { if (last) finish(story, all); else tell(story, number + 1, all); });
  check.replaceWith(next);
  verdict.replaceChildren(
    element("p", { className: "verdict", textContent: found.held ? "Your prediction holds." : "It goes another way." }),
    element("p", { id: "because", textContent: found.because }),
  );
  await commit(storyState(found.after));
}

function finish(story, results) {
  const held = results.filter(Boolean).length;
  const again = element("button", { type: "button", textContent: "tell it again" }), leave = element("button", { className: "main", type: "button", textContent: "explore on your own" });
  again.addEventListener("click", () => tell(story, 0, []));
  leave.addEventListener("click", close);
  page.story = { name: story.name, step: "end", results };
  $("story").replaceChildren(
    element("h2", { textContent: `${story.title}: the end` }),
    element("p", { textContent: `${held} of ${results.length} predictions held. Often heard: “${story.misconception}” Claim ${story.claim} of docs/the-course-text.md has the numbers behind it.` }),
    element("div", { className: "buttons" }, leave, again),
  );
}

// ---------------------------------------------------------------- begin

function keys() {
  addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || $("share-dialog").open) return;
    const key = event.key.toLowerCase();
    if (key !== "z" && key !== "y") return;
    event.preventDefault();
    if (key === "y" || event.shiftKey) step(page.future, page.past); else step(page.past, page.future);
  });
  addEventListener("click", (event) => { document.querySelectorAll("details.menu").forEach((menu) => { if (!menu.contains(event.target) || event.target.tagName === "A") menu.open = false; }); });
}

async function begin() {
  page.setup = await get("/api/setup");
  $("version").textContent = `selectivity ${page.setup.version}`;
  switcher($("mode"), "mode", { ratio: "ratio in hand", filter: "from the filter" });
  switcher($("view"), "view", { curve: "V against ΔΔG‡", rundown: "pump stops: run-down" });
  buildControls();
  listStories();
  sharing();
  dropping();
  keys();
  $("undo").addEventListener("click", () => step(page.past, page.future));
  $("redo").addEventListener("click", () => step(page.future, page.past));
  $("reset").addEventListener("click", () => commit({ ...page.setup.defaults[page.state.cell], mode: page.state.mode, structure: page.state.structure }));
  const given = Object.fromEntries(new URLSearchParams(location.search));
  const fresh = { structure: page.setup.first_structure, ...(page.setup.first_structure === "file" ? { mode: "filter" } : {}) };
  page.state = page.setup.defaults.neuron;
  await ask(Object.keys(given).length ? given : fresh, performance.now());
  if (!page.answer) { // an address that says nothing usable: the page works, and what was wrong stays until the reader moves
    const problem = new Error($("error").textContent);
    await ask({}, performance.now());
    complain(problem);
  }
  page.ready = true;
}

addEventListener("DOMContentLoaded", () => begin().catch(complain));
