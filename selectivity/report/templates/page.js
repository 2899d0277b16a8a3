"use strict";
(function () {
  /* The page draws what stands in its JSON blocks: score (the result), scene (atoms), curve (V_m over the barrier). */
  const TERMS = [
    ["dehydration", "leaving water", "#0072B2", ""], ["ion_ligand_electrostatics", "electrostatics", "#E69F00", "/"],
    ["ion_ligand_lennard_jones", "Lennard-Jones", "#F0E442", "."], ["ligand_ligand", "ligand–ligand", "#009E73", "\\"],
    ["strain", "strain", "#CC79A7", "x"], ["walls", "walls", "#767676", ""], ["entropy", "entropy, waters", "#56B4E9", "-"]];
  const ION_COLOURS = {K: "#7B3F94", Na: "#E69F00", Rb: "#0072B2", Cs: "#009E73", Li: "#CC79A7", Tl: "#56B4E9"};
  const ELEMENTS = {C: "#8d99a6", N: "#3f6fb5", O: "#D55E00", S: "#c9a800"};
  const PALE_ELEMENTS = {C: "#b4bdc7", N: "#9fb4d6", O: "#eaa577", S: "#ddd08a"};
  const MOST_VIEWS = 6; /* a browser keeps about sixteen WebGL contexts alive; the oldest view makes room */
  const LOOKS = window.matchMedia("(prefers-color-scheme: dark)");
  const files = {};
  document.querySelectorAll("[data-file]").forEach((article) => {
    files[article.dataset.file] = JSON.parse(document.getElementById(article.dataset.file + "-data").textContent);
  });
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const sup = (ion) => ion + "⁺";
  const narrow = () => window.innerWidth < 720;

  /* ------------------------------------------------------------------ plots */

  function layout(extra) {
    const axis = {gridcolor: colour("line"), zerolinecolor: colour("quiet"), linecolor: colour("quiet"), automargin: true, title: {standoff: 8}};
    const base = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: {l: 60, r: 14, t: 14, b: 46},
      font: {family: "system-ui, -apple-system, Segoe UI, Roboto, Arial, sans-serif", size: 13, color: colour("ink")},
      legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom"}, hoverlabel: {align: "left"}, dragmode: false};
    const whole = Object.assign(base, extra);
    ["xaxis", "yaxis"].forEach((name) => { whole[name] = Object.assign({}, axis, extra[name] || {}); });
    return whole;
  }

  const PLOTS = {
    sites({score}) {
      const formed = score.sites.filter((site) => site.formed && site.ddg_kj_mol !== null);
      const bars = {
        type: "bar", x: formed.map((s) => s.site), y: formed.map((s) => s.ddg_kj_mol),
        error_y: {type: "data", array: formed.map((s) => s.ddg_error_kj_mol), color: colour("ink"), thickness: 1.5, width: 5},
        marker: {color: formed.map((s) => colour(s.dehydrated ? "first" : "pale")), line: {color: colour("ink"), width: 1}},
        customdata: formed.map((s) => [s.coordination_number, s.dehydrated ? "dry cage" : "open to water"]),
        hovertemplate: "%{x}: %{y:.1f} kJ/mol<br>%{customdata[0]} oxygens, %{customdata[1]}<extra></extra>"};
      const missing = score.sites.filter((site) => !site.formed);
      return [[bars], layout({
        xaxis: {title: {text: "site, from the cavity outward"}, type: "category", categoryorder: "array", categoryarray: score.sites.map((s) => s.site), range: [-0.6, score.sites.length - 0.4]},
        yaxis: {title: {text: "ΔΔG of binding (kJ/mol)"}},
        annotations: missing.map((s) => ({x: s.site, y: 0, yanchor: "bottom", text: "not formed", textangle: -90, showarrow: false, font: {color: colour("bad")}})),
        bargap: 0.35})];
    },
    balance({score}) {
      const sites = score.sites.filter((site) => site.terms_kj_mol !== null);
      const x = sites.map((s) => s.site);
      const traces = TERMS.filter(([term]) => sites.some((s) => Math.abs(s.terms_kj_mol.difference[term] || 0) > 0.5)).map(([term, name, fill, shape]) => ({
        type: "bar", name, x, y: sites.map((s) => s.terms_kj_mol.difference[term] || 0), meta: term,
        marker: {color: fill, pattern: {shape, size: 7, fgcolor: "#333", fillmode: "overlay", solidity: 0.2}, line: {color: "#222", width: 0.8}},
        hovertemplate: "%{x}, " + name + ": %{y:.1f} kJ/mol<extra></extra>"}));
      traces.push({type: "scatter", mode: "markers", name: "sum: ΔΔG", x, y: sites.map((s) => s.terms_kj_mol.difference.total),
        marker: {symbol: "diamond", size: 11, color: "#fff", line: {color: "#000", width: 1.5}}, hovertemplate: "%{x}, sum: %{y:.1f} kJ/mol<extra></extra>"});
      return [traces, layout({barmode: "relative", bargap: 0.35, margin: {l: 60, r: 14, t: narrow() ? 96 : 40, b: 46},
        xaxis: {title: {text: "site, from the cavity outward"}, type: "category"},
        yaxis: {title: {text: sup(score.ion_pair[1]) + " minus " + sup(score.ion_pair[0]) + " (kJ/mol)"}}})];
    },
    profile({score}) {
      const z = score.profile.z_angstrom, queue = score.treatment === "thermal" ? score.queue : null;
      const rings = score.filter.rings;
      const low = Math.min(...rings.map((r) => r.z_angstrom)) - 2, high = Math.max(...rings.map((r) => r.z_angstrom)) + 2;
      const traces = [{type: "scatter", mode: "lines", name: "relaxed, dry filter", x: z, y: score.profile.ddg_kj_mol,
        line: {color: colour(queue ? "quiet" : "first"), width: queue ? 1.5 : 2.5}, hovertemplate: "z %{x:.1f} Å: %{y:.1f} kJ/mol<extra></extra>"}];
      if (queue) {
        traces.push({type: "scatter", mode: "lines+markers", name: "sampled planes and cages", x: queue.z_angstrom, y: queue.ddg_kj_mol, text: queue.nodes,
          error_y: {type: "data", array: queue.ddg_error_kj_mol, color: colour("first"), thickness: 1.5, width: 4},
          line: {color: colour("first"), width: 2}, marker: {size: 8}, hovertemplate: "%{text}: %{y:.1f} kJ/mol<extra></extra>"});
      }
      const seen = score.profile.ddg_kj_mol.filter((y, i) => z[i] >= low && z[i] <= high).concat(queue ? queue.ddg_kj_mol : [], [0]);
      const span = Math.max(...seen) - Math.min(...seen);
      const planes = rings.map((r) => ({type: "line", x0: r.z_angstrom, x1: r.z_angstrom, y0: 0, y1: 1, yref: "paper", line: {color: colour("quiet"), width: 1, dash: "dot"}}));
      const names = rings.map((r) => ({x: r.z_angstrom, y: 1, yref: "paper", yanchor: "bottom", xanchor: "left", text: r.name, textangle: -40, showarrow: false, font: {size: 11, color: colour("quiet")}}));
      const sites = files_sites(score, low, high).map(([name, middle]) => ({x: middle, y: 0.01, yref: "paper", yanchor: "bottom", text: "<b>" + name + "</b>", showarrow: false, font: {size: 12}}));
      return [traces, layout({shapes: planes, annotations: names.concat(sites), showlegend: Boolean(queue), margin: {l: 60, r: 30, t: 52, b: queue ? 80 : 46},
        legend: {orientation: "h", x: 0, y: -0.2, yanchor: "top"}, height: queue ? 400 : 360,
        xaxis: {title: {text: "height on the axis z (Å), cavity to outside"}, range: [low, high], zeroline: false},
        yaxis: {title: {text: "ΔΔG(z) (kJ/mol)"}, range: [Math.min(...seen) - 0.16 * span, Math.max(...seen) + 0.1 * span]}})];
    },
    rules({score}) {
      const named = Object.entries(score.rules).filter(([, rule]) => rule.permeability_ratio_interval).map(([name, rule]) => [name, rule, name === score.rule]);
      if (score.at_measured_affinity && score.at_measured_affinity.permeability_ratio_interval) named.push(["profile, K⁺ at its<br>measured affinity", score.at_measured_affinity, false]);
      named.sort((a, b) => a[2] - b[2]);
      return ratios(score, named.map(([name, rule, chosen]) => ({name: chosen ? "<b>" + name + "</b>" : name, value: rule.permeability_ratio, bounds: rule.permeability_ratio_interval, colour: colour(chosen ? "first" : "quiet")})));
    },
    voltage({score, curve}) {
      const m = score.membrane, rt = 8.31446261815324e-3 * score.temperature_k, ends = score.permeability_ratio_interval.map((p) => rt * Math.log(p));
      const lines = [["this filter alone", "v_mv", "first", "solid"], ["beside a background leak", "v_with_leak_mv", "second", "dash"]];
      const traces = lines.map(([name, key, ink, dash]) => ({type: "scatter", mode: "lines", name, x: curve.ddg_kj_mol, y: curve[key], line: {color: colour(ink), width: 2, dash}, hovertemplate: "ΔΔG‡ %{x:.1f} kJ/mol: %{y:.1f} mV<extra></extra>"}));
      lines.forEach(([name, key, ink]) => {
        const inside = curve.ddg_kj_mol.map((x, i) => [x, curve[key][i]]).filter(([x]) => x >= ends[0] && x <= ends[1]);
        traces.push({type: "scatter", mode: "lines", showlegend: false, hoverinfo: "skip", x: inside.map((p) => p[0]), y: inside.map((p) => p[1]), line: {color: colour(ink), width: 10}, opacity: 0.3});
        if (m[key] !== null) traces.push({type: "scatter", mode: "markers", showlegend: false, meta: key, x: [score.ddg_barrier_kj_mol], y: [m[key]], marker: {size: 11, color: colour(ink), line: {color: colour("ink"), width: 1.5}}, hovertemplate: score_name(score) + "<br>ΔΔG‡ %{x:.1f} kJ/mol: %{y:.1f} mV<extra></extra>"});
      });
      const levels = ["K", "Na"].filter((ion) => m.nernst_mv[ion] !== undefined);
      return [traces, layout({margin: {l: 60, r: 40, t: narrow() ? 60 : 36, b: 46},
        shapes: levels.map((ion) => ({type: "line", x0: 0, x1: 1, xref: "paper", y0: m.nernst_mv[ion], y1: m.nernst_mv[ion], line: {color: colour("quiet"), width: 1, dash: "dot"}})),
        annotations: levels.map((ion) => ({x: 1, xref: "paper", xanchor: "left", y: m.nernst_mv[ion], text: " E<sub>" + ion + "</sub>", showarrow: false, font: {color: colour("quiet")}})),
        xaxis: {title: {text: "ΔΔG‡ of permeation (kJ/mol)"}, zeroline: false, range: [curve.ddg_kj_mol[0], curve.ddg_kj_mol[curve.ddg_kj_mol.length - 1]]},
        yaxis: {title: {text: "V<sub>m</sub> (mV)"}, zeroline: false}})];
    },
    comparison() {
      const all = Object.values(files).reverse();
      return ratios(all[0].score, all.map(({name, score}) => ({name: escaped(name), value: score.permeability_ratio, bounds: score.permeability_ratio_interval, colour: colour("first"), none: score.conductive ? "no ratio" : "does not conduct"})));
    }
  };

  function score_name(score) { return escaped(score.file); }
  function escaped(text) { return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"); }

  function files_sites(score, low, high) {
    const scene = Object.values(files).find((file) => file.score === score).scene;
    return scene.sites.map((s) => [s.site, 0.5 * (Math.max(s.z_low, low) + Math.min(s.z_high, high))]).filter(([, middle]) => middle > low && middle < high);
  }

  /* Ratios with intervals on a logarithmic axis, one row each; a diamond is the central value. */
  function ratios(score, rows) {
    const shown = rows.filter((row) => row.bounds), first = score.ion_pair[0], second = score.ion_pair[1];
    const traces = shown.map((row) => ({type: "scatter", mode: "lines", x: row.bounds, y: [row.name, row.name], line: {color: row.colour, width: 7}, opacity: 0.55, hovertemplate: "%{x:.2g}<extra></extra>", showlegend: false}));
    const central = shown.filter((row) => row.value !== null);
    traces.push({type: "scatter", mode: "markers", x: central.map((r) => r.value), y: central.map((r) => r.name), marker: {symbol: "diamond", size: 12, color: central.map((r) => r.colour), line: {color: colour("ink"), width: 1.5}}, hovertemplate: "%{y}: %{x:.2g}<extra></extra>", showlegend: false});
    const logs = [0, ...shown.flatMap((row) => row.bounds).map(Math.log10)], decades = Math.max(...logs) - Math.min(...logs);
    const none = rows.filter((row) => !row.bounds);
    return [traces, layout({height: Math.max(200, 90 + 46 * rows.length), margin: {l: 60, r: 20, t: 14, b: 50},
      xaxis: {type: "log", range: [Math.min(...logs) - 0.04 * decades - 0.2, Math.max(...logs) + 0.04 * decades + 0.2], title: {text: "P<sub>" + first + "</sub>/P<sub>" + second + "</sub>"}, exponentformat: "power", dtick: Math.max(1, Math.ceil(decades / (narrow() ? 6 : 12)))},
      yaxis: {type: "category", categoryorder: "array", categoryarray: rows.map((r) => r.name), range: [-0.6, rows.length - 0.4], ticks: ""},
      shapes: [{type: "line", x0: 1, x1: 1, y0: 0, y1: 1, yref: "paper", line: {color: colour("ink"), width: 1}}],
      annotations: none.map((row) => ({x: 0.02, xref: "paper", xanchor: "left", y: row.name, text: row.none, showarrow: false, font: {color: colour("bad")}}))})];
  }

  function draw(element) {
    const article = element.closest("[data-file]"), make = PLOTS[element.dataset.plot];
    const [data, shape] = make(article ? files[article.dataset.file] : null);
    if (shape.height) element.style.height = shape.height + "px";
    Plotly.react(element, data, shape, {responsive: true, displaylogo: false, displayModeBar: false});
    element.dataset.drawn = "yes";
  }

  /* ------------------------------------------------------------------ the view in three dimensions */

  const views = new Map();
  const at = (p) => ({x: p.x, y: p.z, z: -p.y}); /* the axis of the pore stands upright */

  function opposite(scene) {
    const middles = {};
    scene.atoms.forEach((a) => { const m = middles[a.strand] = middles[a.strand] || {x: 0, y: 0}; m.x += a.x; m.y += a.y; });
    const zero = middles[0];
    return Number(Object.keys(middles).sort((a, b) => (middles[a].x * zero.x + middles[a].y * zero.y) - (middles[b].x * zero.x + middles[b].y * zero.y))[0]);
  }

  function show(element) {
    const key = element.dataset.view, {score, scene} = files[key];
    if (views.size >= MOST_VIEWS) put_away(views.keys().next().value);
    element.textContent = "";
    const viewer = $3Dmol.createViewer(element, {backgroundColor: colour("wash"), antialias: true, disableFog: true, cartoonQuality: 4});
    if (!viewer) { element.textContent = "This browser does not draw in three dimensions (WebGL is off). The tables hold all numbers."; return; }
    const state = {viewer, element, key, score, scene, filter: null, home: null, front: new Set([0, opposite(scene)]), site: null, all: false, model: false};
    const bonds = scene.atoms.map(() => []);
    scene.bonds.forEach(([i, j]) => { bonds[i].push(j); bonds[j].push(i); });
    state.filter = viewer.addModel();
    state.filter.addAtoms(scene.atoms.map((a, i) => Object.assign(at(a), {elem: a.element, serial: i, bonds: bonds[i], bondOrder: bonds[i].map(() => 1), properties: {kind: "atom", number: i}})));
    const others = viewer.addModel();
    const guests = scene.ions.map((ion, n) => Object.assign(at(ion), {elem: ion.name, serial: n, bonds: [], bondOrder: [], properties: {kind: "ion", number: n}}));
    others.addAtoms(guests.concat(scene.waters.map((w, n) => Object.assign(at(w), {elem: "O", serial: guests.length + n, bonds: [], bondOrder: [], properties: {kind: "water", number: n}}))));
    others.setStyle({}, {sphere: {radius: 0.42, color: "#56B4E9"}});
    scene.ions.forEach((ion, n) => others.setStyle({serial: n}, {sphere: {radius: ion.name === "Na" ? 0.68 : 0.86, color: ION_COLOURS[ion.name] || "#888888"}}));
    viewer.setHoverDuration(60);
    viewer.setHoverable({}, true, (atom) => point_at(state, atom), () => point_at(state, null));
    style(state);
    viewer.zoomTo();
    viewer.zoom(0.92);
    viewer.rotate(-Math.atan2(middle(scene, 0).y, middle(scene, 0).x) * 180 / Math.PI, "y");
    viewer.render();
    state.home = viewer.getView();
    views.set(key, state);
    element.dataset.drawn = "yes";
    const cages = score.sites.filter((s) => s.dehydrated), held = cages.filter((s) => s.formed);
    choose(key, (held[held.length >> 1] || cages[0] || score.sites[0]).site);
  }

  function middle(scene, strand) {
    const mine = scene.atoms.filter((a) => a.strand === strand);
    return {x: mine.reduce((s, a) => s + a.x, 0) / mine.length, y: mine.reduce((s, a) => s + a.y, 0) / mine.length};
  }

  function put_away(key) {
    const {element} = views.get(key), canvas = element.querySelector("canvas");
    const context = canvas && (canvas.getContext("webgl2") || canvas.getContext("webgl"));
    if (context && context.getExtension("WEBGL_lose_context")) context.getExtension("WEBGL_lose_context").loseContext();
    views.delete(key);
    element.textContent = "";
    delete element.dataset.drawn;
    watcher.observe(element);
  }

  function style(state) {
    const bonded = new Set(state.scene.bonds.flat());
    state.scene.atoms.forEach((a, i) => {
      const near = state.all || state.front.has(a.strand), ring = a.ring !== null;
      const scheme = {prop: "elem", map: near ? ELEMENTS : PALE_ELEMENTS};
      state.filter.setStyle({serial: i}, bonded.has(i) ? {stick: {radius: near ? 0.14 : 0.06, colorscheme: scheme}, sphere: {radius: ring ? (near ? 0.36 : 0.24) : (near ? 0.17 : 0.07), colorscheme: scheme}} : {});
    });
  }

  function choose(key, name) {
    const state = views.get(key);
    const told = document.querySelector('[data-told="' + key + '"]'), article = document.getElementById(key);
    article.querySelectorAll("[data-site]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.site === name)));
    const {score, scene, ddg_texts} = files[key], site = scene.sites.find((s) => s.site === name), scored = score.sites.find((s) => s.site === name);
    told.textContent = "";
    tell(told, "h4", name + (scored.formed ? "" : ": not formed"));
    const ddg = scored.ddg_kj_mol === null ? "no energy" : "ΔΔG " + ddg_texts[name] + " kJ/mol";
    tell(told, "p", ddg + ", " + (scored.dehydrated ? "a dry cage" : "open to water") + ".");
    if (!site.oxygens.length) tell(told, "p", "No ring oxygen within 3.6 Å of the " + site.point_name + ".");
    else {
      tell(told, "p", site.oxygens.length + " oxygens within 3.6 Å of the " + (site.ion ? sup(site.ion) + " in the file" : site.point_name) + ", " + scored.mean_distance_angstrom.toFixed(2) + " Å on average:");
      const table = tell(told, "table", ""), by_ring = new Map();
      site.oxygens.forEach((o) => { const ring = scene.atoms[o.atom].ring; by_ring.set(ring, (by_ring.get(ring) || []).concat(o)); });
      by_ring.forEach((list, ring) => {
        const row = tell(table, "tr", "");
        tell(row, "th", ring).scope = "row";
        const cell = tell(row, "td", list.map((o) => o.distance_angstrom.toFixed(2)).join(", ") + " Å");
        cell.dataset.distances = JSON.stringify(list.map((o) => o.distance_angstrom));
      });
    }
    if (!state) return;
    state.site = name;
    mark(state);
  }

  function mark(state) {
    const {viewer, scene, score} = state, site = scene.sites.find((s) => s.site === state.site);
    viewer.removeAllShapes();
    viewer.removeAllLabels();
    const here = at(site.point);
    const ink = LOOKS.matches ? "#f2f2f2" : "#222222";
    if (!site.ion) viewer.addSphere({center: here, radius: 0.35, color: ink, opacity: 0.5});
    site.oxygens.forEach((o) => {
      const atom = scene.atoms[o.atom], end = at(atom), near = state.all || state.front.has(atom.strand);
      viewer.addCylinder({start: here, end, radius: near ? 0.055 : 0.03, color: ink, dashed: true, dashLength: 0.18, gapLength: 0.14, fromCap: 1, toCap: 1});
      if (near) label(viewer, o.distance_angstrom.toFixed(2), {x: 0.35 * here.x + 0.65 * end.x, y: 0.35 * here.y + 0.65 * end.y, z: 0.35 * here.z + 0.65 * end.z + 0.3}, 12);
    });
    scene.sites.forEach((s) => {
      const z = s.site === "Scav" ? s.z_high - 2.5 : Math.min(0.5 * (s.z_low + s.z_high), s.z_low + 2.5);
      label(viewer, s.site, {x: -7.4, y: z, z: 0}, s.site === state.site ? 17 : 13, s.site === state.site);
    });
    if (state.model) {
      const drawn = score.sites.map((s) => s.ion_z_angstrom);
      score.ion_pair.forEach((ion, n) => drawn.forEach((z) => {
        if (z[ion] !== null && z[ion] !== undefined) viewer.addSphere({center: {x: 0.9 * (2 * n - 1), y: z[ion], z: 0.9}, radius: 0.4, color: ION_COLOURS[ion] || "#888888", opacity: 0.9});
      }));
    }
    viewer.render();
  }

  function label(viewer, text, position, size, strong) {
    viewer.addLabel(text, {position, fontSize: size, fontColor: strong ? colour("on-accent") : colour("ink"), backgroundColor: strong ? colour("accent") : colour("paper"), backgroundOpacity: strong ? 1 : 0.72, borderThickness: 0, padding: 2, inFront: true, alignment: "center", showBackground: true});
  }

  function tell(parent, tag, text) {
    const element = document.createElement(tag);
    element.textContent = text;
    parent.appendChild(element);
    return element;
  }

  function point_at(state, atom) {
    const line = document.querySelector('[data-hover="' + state.key + '"]');
    line.textContent = atom ? atom_words(state, atom) : "Drag to turn, scroll to zoom, point at an atom for its name.";
  }

  function atom_words(state, atom) {
    const {scene} = state, {kind, number} = atom.properties;
    const site = scene.sites.find((s) => s.site === state.site);
    if (kind === "ion") return sup(scene.ions[number].name) + " of the file in " + scene.ions[number].site + ", z " + scene.ions[number].z.toFixed(2) + " Å, occupancy " + scene.ions[number].occupancy.toFixed(2);
    if (kind === "water") return "water of the file in " + scene.waters[number].site + ", z " + scene.waters[number].z.toFixed(2) + " Å";
    const a = scene.atoms[number], away = Math.hypot(a.x - site.point.x, a.y - site.point.y, a.z - site.point.z);
    return a.residue + " " + a.name + ", chain " + (a.chain || "-") + (a.ring ? ", ring " + a.ring : "") + ": " + away.toFixed(2) + " Å from the " + (site.ion ? sup(site.ion) + " in " : "centre of ") + site.site + ", B " + a.b_factor.toFixed(0) + " Å²";
  }

  const TOOLS = {
    left: ({viewer}) => viewer.rotate(-20, "y"), right: ({viewer}) => viewer.rotate(20, "y"),
    in: ({viewer}) => viewer.zoom(1.2), out: ({viewer}) => viewer.zoom(1 / 1.2),
    side: ({viewer, home}) => viewer.setView(home), top: ({viewer, home}) => { viewer.setView(home); viewer.rotate(90, "x"); },
    model: (state) => { state.model = !state.model; mark(state); return state.model; },
    strands: (state) => { state.all = !state.all; style(state); mark(state); return state.all; }
  };

  /* ------------------------------------------------------------------ copying */

  function table_text(table) {
    return Array.from(table.rows).map((row) => Array.from(row.cells).map((cell) => (cell.dataset.value !== undefined ? cell.dataset.value : cell.textContent.trim()).replace(/[\t\n]/g, " ")).join("\t")).join("\n") + "\n";
  }

  function say(text) {
    const box = document.getElementById("said");
    box.textContent = text;
    box.classList.add("shown");
    window.setTimeout(() => box.classList.remove("shown"), 1800);
  }

  async function copy(text, done) {
    try { await navigator.clipboard.writeText(text); say(done); return; } catch (refused) { /* pages from disk may not use it: the older way below works there */ }
    const area = document.createElement("textarea");
    area.value = text;
    area.style.position = "fixed";
    area.style.opacity = "0";
    document.body.appendChild(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    say(copied ? done : "This browser does not let a page copy");
  }

  function save(name, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], {type: "application/json"}));
    link.download = name;
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const article = button.closest("[data-file]"), key = article && article.dataset.file;
    if (button.classList.contains("copy")) copy(table_text(button.closest("figure").querySelector("table")), "Table copied, exact values");
    else if (button.dataset.site) choose(key, button.dataset.site);
    else if (button.dataset.json) {
      const text = JSON.stringify(files[key].score, null, 2);
      if (button.dataset.json === "copy") copy(text, "Score copied as JSON"); else save(files[key].score.file.replace(/[^\w.-]/g, "_") + ".json", text);
    } else if (button.dataset.do && views.has(key)) {
      const state = views.get(key), pressed = TOOLS[button.dataset.do](state);
      if (button.hasAttribute("aria-pressed")) button.setAttribute("aria-pressed", String(pressed));
      state.viewer.render();
    }
  });

  /* ------------------------------------------------------------------ draw what comes into sight */

  const watcher = new IntersectionObserver((seen) => seen.forEach((entry) => {
    if (!entry.isIntersecting) return;
    watcher.unobserve(entry.target);
    if (entry.target.dataset.view) show(entry.target); else draw(entry.target);
  }), {rootMargin: "300px"});
  document.querySelectorAll("[data-plot], [data-view]").forEach((element) => watcher.observe(element));
  LOOKS.addEventListener("change", () => {
    document.querySelectorAll("[data-plot][data-drawn]").forEach(draw);
    views.forEach((state) => { state.viewer.setBackgroundColor(colour("wash")); mark(state); });
  });
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("[data-plot]").forEach(draw);
    document.querySelectorAll("details").forEach((part) => { part.open = true; });
  });
})();
