// The editor: text, curve and numbers of the same schedules; each can be changed, and the others follow.

const POINTS = 700;
const MARGIN = { left: 58, right: 14, top: 12, bottom: 26 };

const STYLE = `
.schedule-editor { color-scheme: light dark; --paper: light-dark(#fff, #14181d); --ink: light-dark(#1b1f24, #e8ecf1); --soft: light-dark(#5b6570, #a3adb8); --line: light-dark(#c9d0d8, #3a434d); --wrong: light-dark(#b3261e, #ff9c92); --accent: var(--c0);
--c0: light-dark(#0b62c4, #6fb1ff); --c1: light-dark(#c2410c, #ff9c63); --c2: light-dark(#0f7b57, #4fd1a0); --c3: light-dark(#9d2f88, #e796d6); --c4: light-dark(#8a6a00, #e3c04d); --c5: light-dark(#3f4a5a, #b8c2cf);
color: var(--ink); background: var(--paper); font: 14px/1.45 system-ui, sans-serif; max-width: 60rem; padding: 12px; box-sizing: border-box; border-radius: 8px; container-type: inline-size; text-align: left;
&[data-theme=light] { color-scheme: light; }
&[data-theme=dark] { color-scheme: dark; }
& * { box-sizing: border-box; }
& .row { display: flex; gap: 6px; align-items: flex-start; margin-bottom: 4px; }
& textarea { flex: 1; min-width: 0; font: 13px/1.5 ui-monospace, monospace; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 6px; padding: 6px 8px; resize: none; overflow: hidden; }
& .row.active textarea { border-color: var(--accent); }
& .row.wrong textarea { border-color: var(--wrong); }
& button, & select { font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 6px; padding: 4px 9px; min-height: 30px; cursor: pointer; }
& button:hover { border-color: var(--accent); }
& .swatch { width: 34px; padding: 0; border-color: transparent; align-self: stretch; }
& .swatch svg { display: block; margin: auto; }
& :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
& .error { color: var(--wrong); font: 12px/1.4 ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 6px 42px; }
& .error:empty { display: none; }
& .plot { position: relative; touch-action: pan-y; margin: 6px 0; }
& .plot > svg { display: block; width: 100%; user-select: none; cursor: crosshair; }
& .plot text { fill: var(--soft); font-size: 11px; }
& .grid { stroke: var(--line); stroke-opacity: .55; }
& .curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
& .handle { cursor: grab; touch-action: none; outline: none; }
& .handle .hit { fill: transparent; }
& .handle .dot { fill: var(--paper); stroke-width: 2.5; }
& .handle:focus-visible .dot { fill: var(--accent); }
& .tip { position: absolute; pointer-events: none; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: 4px 8px; font-size: 12px; max-width: 75%; box-shadow: 0 2px 8px #0003; overflow-wrap: anywhere; }
& .tools { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; margin: 6px 0; }
& .tools label { display: inline-flex; gap: 4px; align-items: center; min-height: 30px; }
& .sliders { display: grid; grid-template-columns: repeat(auto-fill, minmax(250px, 1fr)); gap: 4px 18px; margin: 8px 0; }
& .sliders label { display: grid; grid-template-columns: 6.2em 1fr 6.6em; gap: 8px; align-items: center; font-size: 13px; }
& .sliders span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
& input[type=range] { width: 100%; min-width: 0; accent-color: var(--accent); height: 28px; }
& input[type=text] { font: 12px ui-monospace, monospace; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 5px; padding: 3px 5px; width: 100%; }
& .below { display: grid; gap: 6px; }
& .scroll { overflow-x: auto; }
& table { border-collapse: collapse; font-size: 12.5px; font-variant-numeric: tabular-nums; color: inherit; background: transparent; }
& th, & td { text-align: left; padding: 2px 12px 2px 0; border: 0; border-bottom: 1px solid var(--line); background: transparent; }
& td:nth-child(3) { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
& .lint { margin: 0; padding-left: 1.1em; color: var(--soft); font-size: 13px; }
& .facts { color: var(--soft); font-size: 13px; margin: 0; }
@container (max-width: 480px) { & .error { margin-left: 0; } & .sliders label { grid-template-columns: 5.4em 1fr 5.8em; } }
}
`;

const DASHES = ["", "7 4", "2 4", "10 3 2 3", "12 5", "4 2"];
const colour = (k) => `var(--c${k % DASHES.length})`;
const dashed = (k) => DASHES[k % DASHES.length];
const SPACE = "http://www.w3.org/2000/svg";

function make(name, attributes = {}, ...children) {
  const drawn = ["svg", "g", "path", "line", "text", "circle", "rect", "clipPath", "defs"].includes(name);
  const node = drawn ? document.createElementNS(SPACE, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

function ticks(low, high, log, count) { // places for labels
  if (log) {
    const found = [];
    const every = Math.max(1, Math.ceil((Math.log10(high) - Math.log10(low)) / count));
    for (let k = Math.ceil(Math.log10(low)); 10 ** k <= high * 1.0001; k += every) found.push(10 ** k);
    if (found.length > 1) return found;
  }
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const unit = [1, 2, 5, 10].find((x) => x * power >= raw) * power;
  const found = [];
  for (let x = Math.ceil(low / unit - 1e-9) * unit; x <= high + unit * 1e-9; x += unit) found.push(Math.abs(x) < unit * 1e-9 ? 0 : x);
  return found;
}

export function python(texts) { // code that makes the schedules
  const words = new Set(texts.flatMap((text) => [...text.matchAll(/\b[A-Za-z_]\w*(?=\s*\()|(?<==\s*)[A-Za-z_]\w*/g)].map(([word]) => word)));
  const known = [...words].filter((word) => (Object.hasOwn(MAKERS, word) && word !== "part") || ["constant", "Time", "Warp", "join", "scale", "minimum", "maximum"].includes(word)).sort();
  const lifted = [...words].some((word) => Object.hasOwn(OPERATIONS, word) && !known.includes(word));
  const lines = texts.map((text, k) => (lifted ? `s${k || ""} = parse(${JSON.stringify(text)})` : `s${k || ""} = ${text}`));
  return `from schedules import ${lifted ? "parse" : known.join(", ")}\n\n${lines.join("\n")}\n`;
}

export const hashOf = (texts, state) => `#${[...texts.map((text) => `s=${encodeURIComponent(text)}`), ...(state.logY ? ["y=log"] : []), ...(state.logX ? ["x=log"] : [])].join("&")}`;

export function fromHash(hash) {
  const pairs = new URLSearchParams(hash.replace(/^#/, ""));
  return { texts: pairs.getAll("s"), logY: pairs.get("y") === "log", logX: pairs.get("x") === "log" };
}

export class Editor {
  constructor(root, { expressions = ["linear(0, 1, 10)"], log = false, hash = false, onchange = () => {}, theme = null } = {}) {
    Object.assign(this, { root, hash, onchange, active: 0, view: null, heldAxes: null });
    const stored = hash ? fromHash(location.hash) : { texts: [] };
    this.state = { logY: stored.texts.length ? stored.logY : log, logX: stored.logX ?? false };
    this.rows = (stored.texts.length ? stored.texts : expressions).map((text) => ({ text }));
    if (!root.querySelector("style[data-schedules]")) root.append(make("style", { "data-schedules": true }, STYLE));
    this.box = make("div", { class: "schedule-editor", role: "group", "aria-label": "schedule editor", "data-theme": theme });
    root.append(this.box);
    this.build();
    this.rows.forEach((row) => this.readRow(row));
    this.rebuildRows();
    this.refresh();
    new ResizeObserver(() => this.draw()).observe(this.plot);
    if (hash) addEventListener("hashchange", () => this.setTexts(fromHash(location.hash).texts, false));
  }

  get texts() {
    return this.rows.map((row) => row.text);
  }

  setTexts(texts, tell = true) { // from outside: Python, or the address
    if (!texts.length || texts.join("\n") === this.texts.join("\n")) return;
    this.rows = texts.map((text) => ({ text }));
    this.rows.forEach((row) => this.readRow(row));
    this.active = Math.min(this.active, this.rows.length - 1);
    this.rebuildRows();
    this.refresh(tell);
  }

  // -- what is there -----------------------------------------------------------------------------------------------------

  build() {
    this.list = make("div");
    this.svg = make("svg", { role: "group", "aria-label": "curves; the table below reads them" });
    this.tip = make("div", { class: "tip", hidden: true });
    this.plot = make("div", { class: "plot" }, this.svg, this.tip);
    this.sliders = make("div", { class: "sliders" });
    this.below = make("div", { class: "below" });
    this.said = make("span", { role: "status" });
    const button = (text, act, label = text) => make("button", { type: "button", onclick: act, "aria-label": label, title: label }, text);
    const check = (text, key) => make("label", {}, make("input", { type: "checkbox", checked: this.state[key], onchange: (event) => this.toggle(key, event.target.checked) }), text);
    const copies = [["text", () => this.texts.join("\n")], ...(this.hash ? [["link", () => this.link()]] : []), ["Python", () => python(this.texts)], ["SVG", () => this.picture()]];
    const copy = copies.map(([text, give]) => button(text, () => this.copy(text, give()), `copy as ${text}`));
    this.tools = make("div", { class: "tools" }, button("+ curve", () => this.add(), "add a curve"), check("log values", "logY"), check("log steps", "logX"), button("−", () => this.zoom(1.6), "zoom out"), button("+", () => this.zoom(1 / 1.6), "zoom in"), button("whole", () => this.zoomTo(null), "show the whole"), make("span", {}, "copy"), ...copy, button("PNG", () => this.png(), "save as PNG"), this.said);
    this.box.append(this.list, this.plot, this.tools, this.sliders, this.below);
    this.listen();
  }

  rebuildRows() {
    this.list.replaceChildren(...this.rows.map((row, k) => this.rowNode(row, k)));
    this.rows.forEach((row) => this.fit(row));
  }

  rowNode(row, k) {
    const id = `schedule-error-${(Editor.count = (Editor.count ?? 0) + 1)}`;
    const line = make("svg", { width: 30, height: 20, "aria-hidden": "true" }, make("line", { x1: 2, x2: 28, y1: 10, y2: 10, "stroke-width": 3, style: `stroke:${colour(k)}`, "stroke-dasharray": dashed(k) }));
    const swatch = make("button", { type: "button", class: "swatch", "aria-label": `work on curve ${k + 1}`, title: "work on this curve", onclick: () => this.choose(k) }, line);
    row.area = make("textarea", { rows: 1, spellcheck: "false", autocapitalize: "off", autocomplete: "off", "aria-label": `expression ${k + 1}`, "aria-describedby": id, oninput: () => this.typed(row), onfocus: () => this.choose(k) });
    row.area.value = row.text;
    row.note = make("div", { class: "error", role: "alert", id });
    const remove = this.rows.length > 1 ? [make("button", { type: "button", "aria-label": `remove curve ${k + 1}`, onclick: () => this.remove(k) }, "×")] : [];
    row.node = make("div", { class: "row" }, swatch, row.area, ...remove);
    return make("div", {}, row.node, row.note);
  }

  fit(row) {
    row.area.style.height = "auto";
    row.area.style.height = `${row.area.scrollHeight + 2}px`;
  }

  readRow(row) {
    try {
      Object.assign(row, readText(row.text), { fault: null, parts: null });
    } catch (fault) {
      if (!(fault instanceof ScheduleError)) throw fault;
      row.fault = fault;
    }
    return !row.fault;
  }

  typed(row) {
    row.text = row.area.value;
    this.readRow(row);
    this.fit(row);
    this.refresh();
  }

  choose(k) {
    if (this.active === k) return;
    this.active = k;
    this.refresh(false);
  }

  add() {
    this.rows.push({ text: this.rows[this.active].text });
    this.readRow(this.rows[this.rows.length - 1]);
    this.active = this.rows.length - 1;
    this.rebuildRows();
    this.refresh();
    this.rows[this.active].area.focus();
  }

  remove(k) {
    this.rows.splice(k, 1);
    this.active = Math.max(0, Math.min(this.active, this.rows.length - 1));
    this.rebuildRows();
    this.refresh();
  }

  toggle(key, value) {
    this.state[key] = value;
    this.view = null;
    this.refresh();
  }

  setText(row, text) { // by a handle or a slider: the rest follows, unless it is refused
    const before = { ...row };
    row.text = text;
    if (!this.readRow(row)) {
      Object.assign(row, { text: before.text, s: before.s, numbers: before.numbers, fault: null });
      return;
    }
    row.area.value = text;
    if (!this.grabbed) this.fit(row); // which asks for the layout
    this.refresh();
  }

  refresh(tell = true) {
    this.rows.forEach((row, k) => {
      row.node.classList.toggle("active", k === this.active && this.rows.length > 1);
      row.node.classList.toggle("wrong", Boolean(row.fault));
      row.area.setAttribute("aria-invalid", String(Boolean(row.fault)));
      const mark = row.fault && row.text.length < 400 && row.fault.from !== undefined ? `${row.text.slice(0, row.fault.from).replace(/[^\n]/g, " ").split("\n").pop()}^\n` : "";
      if (row.note.dataset.said !== String(row.fault?.message)) row.note.textContent = row.fault ? (mark.length < 60 ? `${row.text.split("\n")[row.text.slice(0, row.fault.from ?? 0).split("\n").length - 1]}\n${mark}` : "") + row.fault.message : "";
      row.note.dataset.said = String(row.fault?.message);
    });
    this.draw();
    this.drawSliders();
    clearTimeout(this.later);
    this.later = setTimeout(() => this.drawBelow(), this.below.firstChild ? 120 : 0);
    if (!tell) return;
    clearTimeout(this.telling);
    this.telling = setTimeout(() => {
      if (this.hash) history.replaceState(null, "", hashOf(this.texts, this.state));
      this.onchange(this.rows.map((row) => row.text), this.rows.every((row) => !row.fault));
    }, 60);
  }

  // -- the curves ----------------------------------------------------------------------------------------------------------

  axes() { // what is shown, and where a step and a value are drawn
    const width = Math.max(this.width, 240);
    const height = width < 480 ? 230 : 320;
    const drawn = this.rows.filter((row) => row.s);
    const end = this.heldAxes?.end ?? horizon(drawn.map((row) => row.s));
    const [x0, x1] = this.view?.x ?? [this.state.logX ? Math.min(1, end / 10) : 0, end];
    const [left, right] = [MARGIN.left, width - MARGIN.right];
    const [fx, gx] = this.state.logX ? [Math.log, Math.exp] : [(x) => x, (x) => x];
    const low = this.state.logX ? Math.max(x0, x1 / 1e9, 1e-9) : x0;
    const x = (t) => left + ((fx(Math.max(t, this.state.logX ? low / 1e3 : t)) - fx(low)) / (fx(x1) - fx(low))) * (right - left);
    const step = (px) => gx(fx(low) + ((px - left) / (right - left)) * (fx(x1) - fx(low)));
    const times = this.times(low, x1, step, left, right, drawn);
    const curves = drawn.map((row) => times.map((t) => row.s.at(t)));
    const [y0, y1] = this.heldAxes?.y ?? this.view?.y ?? this.range(curves);
    const fy = this.state.logY ? Math.log : (v) => v;
    const [top, bottom] = [MARGIN.top, height - MARGIN.bottom];
    const y = (v) => bottom - ((fy(this.state.logY ? Math.max(v, y0 / 1e3) : v) - fy(y0)) / (fy(y1) - fy(y0))) * (bottom - top);
    const value = (px) => (this.state.logY ? Math.exp : (v) => v)(fy(y0) + ((bottom - px) / (bottom - top)) * (fy(y1) - fy(y0)));
    return { width, height, end, x0: low, x1, y0, y1, x, y, step, value, left, right, top, bottom, drawn, times, curves };
  }

  times(low, high, step, left, right, drawn) {
    const count = Math.min(POINTS, Math.max(200, Math.round(right - left)));
    const even = Array.from({ length: count + 1 }, (_, k) => step(left + (k / count) * (right - left)));
    const knots = drawn.flatMap((row) => (row.knots ??= new Map()).get(row.s) ?? (row.knots.clear(), row.knots.set(row.s, knotsOf(row.s, 1.5 * high + 1)), row.knots.get(row.s)));
    const inside = knots.filter((t) => t > low && t < high).flatMap((t) => [t - 1e-9 * t, t]);
    return inside.length ? [...even, ...inside].sort((a, b) => a - b) : even;
  }

  range(curves) {
    let [low, high] = [Infinity, -Infinity];
    for (const curve of curves) for (const v of curve) if (Number.isFinite(v) && (!this.state.logY || v > 0)) [low, high] = [Math.min(low, v), Math.max(high, v)];
    if (!(low <= high)) return this.state.logY ? [0.1, 1] : [0, 1];
    if (this.state.logY) return [Math.max(low, high / 1e8) / 1.2, high * 1.2];
    if (low === high) return low === 0 ? [-0.5, 1] : [Math.min(0, 1.2 * low), Math.max(0, 1.2 * high)];
    const room = 0.06 * (high - low);
    return [low >= 0 && low < 0.3 * high ? -0.02 * high : low - room, high + room];
  }

  draw() {
    if (!this.grabbed) this.width = this.plot.clientWidth;
    if (!this.width) return;
    const a = (this.a = this.axes());
    if (this.grabbed) { // the axes stay, and the handle keeps the pointer and the focus
      a.curves.forEach((curve, j) => this.paths[j].setAttribute("d", this.path(a, curve)));
      this.placeHandles(a);
      return;
    }
    const id = (this.clip ??= `schedule-clip-${Math.round(1e9 * Math.random())}`);
    this.svg.setAttribute("viewBox", `0 0 ${a.width} ${a.height}`);
    this.svg.setAttribute("height", a.height);
    const parts = [make("defs", {}, make("clipPath", { id }, make("rect", { x: a.left, y: a.top - 3, width: a.right - a.left, height: a.bottom - a.top + 6 })))];
    const label = (x, y, text, anchor) => make("text", { x, y, "text-anchor": anchor }, text);
    for (const v of ticks(a.y0, a.y1, this.state.logY, a.height / 60)) parts.push(make("line", { class: "grid", x1: a.left, x2: a.right, y1: a.y(v), y2: a.y(v) }), label(a.left - 6, a.y(v) + 4, short(v, 4), "end"));
    for (const t of ticks(a.x0, a.x1, this.state.logX, a.width / 110)) parts.push(make("line", { class: "grid", x1: a.x(t), x2: a.x(t), y1: a.top, y2: a.bottom }), label(Math.min(a.x(t), a.right - 8), a.bottom + 16, t >= 1e4 ? short(t).replace(/\B(?=(\d{3})+$)/g, "\u2009") : short(t), "middle"));
    this.paths = a.curves.map((curve, j) => {
      const k = this.rows.indexOf(a.drawn[j]);
      return make("path", { class: "curve", style: `stroke:${colour(k)}`, "stroke-dasharray": dashed(k), d: this.path(a, curve), opacity: this.rows[k].fault ? 0.35 : 1 });
    });
    const group = make("g", { "clip-path": `url(#${id})` }, ...this.paths);
    this.cross = make("line", { class: "grid", y1: a.top, y2: a.bottom, visibility: "hidden" });
    const focused = this.svg.contains(document.activeElement) ? document.activeElement.dataset.place : null;
    this.handles = make("g", { class: "handles" });
    this.svg.replaceChildren(...parts, group, this.cross, this.handles);
    this.placeHandles(a);
    if (focused !== null) this.handles.querySelector(`[data-place="${focused}"]`)?.focus();
  }

  path(a, curve) {
    let [text, down] = ["", false];
    for (let k = 0; k < curve.length; k += 1) {
      const y = curve[k];
      if (!Number.isFinite(y) || (this.state.logY && y <= 0)) {
        down = false;
        continue;
      }
      text += `${down ? "L" : "M"}${a.x(a.times[k]).toFixed(2)} ${Math.max(-1e4, Math.min(1e4, a.y(y))).toFixed(2)}`;
      down = true;
    }
    return text;
  }

  // -- handles -------------------------------------------------------------------------------------------------------------

  placeHandles(a) {
    const row = this.rows[this.active];
    if (!row?.s || row.fault) return this.handles.replaceChildren();
    const named = !this.grabbed;
    const found = handlesOf(row.s, a.end, named);
    const nodes = [...this.handles.children];
    if (nodes.length !== found.length) {
      if (this.grabbed) return;
      this.handles.replaceChildren(...found.map((_, place) => this.handleNode(place)));
    }
    found.forEach((handle, place) => {
      const node = this.handles.children[place];
      const [x, y] = [a.x(handle.t), a.y(handle.value)];
      const hidden = x < a.left - 1 || x > a.right + 1 || y < a.top - 12 || y > a.bottom + 12 || (this.state.logY && handle.value <= 0);
      node.setAttribute("transform", `translate(${x.toFixed(2)} ${y.toFixed(2)})`);
      node.setAttribute("visibility", hidden ? "hidden" : "visible");
      node.setAttribute("aria-valuenow", short(handle.value, 8));
      node.setAttribute("aria-valuemin", short(a.y0));
      node.setAttribute("aria-valuemax", short(a.y1));
      node.setAttribute("aria-valuetext", `step ${short(handle.t)}, value ${short(handle.value)}`);
      if (named) node.setAttribute("aria-label", `handle ${place + 1}: ${handle.name}`);
      node.querySelector(".dot").style.stroke = colour(this.active);
    });
  }

  handleNode(place) {
    return make("g", { class: "handle", role: "slider", tabindex: 0, "data-place": place, onpointerdown: (event) => this.grab(event, place), onkeydown: (event) => this.key(event, place) }, make("circle", { class: "hit", r: 15 }), make("circle", { class: "dot", r: 5.5 }));
  }

  pull(place) {
    const a = this.a;
    const row = this.rows[this.active];
    const handle = handlesOf(row.s, a.end)[place];
    const e = 0.5;
    const scale = { x: Math.abs(2 * e / (a.step(a.x(handle.t) + e) - a.step(a.x(handle.t) - e))), y: Math.abs(2 * e / (a.value(a.y(handle.value) - e) - a.value(a.y(handle.value) + e))) };
    return { pull: new Pull(row.text, place, a.end, scale), handle, row };
  }

  grab(event, place) {
    if (event.button > 0) return;
    event.preventDefault();
    event.stopPropagation();
    const node = event.currentTarget;
    node.focus({ preventScroll: true });
    node.setPointerCapture(event.pointerId);
    const a = this.a;
    const { pull, handle, row } = this.pull(place);
    this.grabbed = node;
    this.heldAxes = { end: a.end, y: [a.y0, a.y1] };
    this.view ??= null;
    const from = { x: event.clientX, y: event.clientY, px: a.x(handle.t), py: a.y(handle.value) };
    const unit = a.width / this.svg.getBoundingClientRect().width;
    const move = (moved) => {
      const t = Math.max(0, this.a.step(from.px + (moved.clientX - from.x) * unit));
      const value = this.a.value(from.py + (moved.clientY - from.y) * unit);
      this.setText(row, pull.to(t, value));
    };
    const drop = () => {
      node.removeEventListener("pointermove", move);
      this.grabbed = null;
      this.heldAxes = null;
      this.fit(row);
      this.refresh();
    };
    node.addEventListener("pointermove", move);
    node.addEventListener("pointerup", drop, { once: true });
    node.addEventListener("pointercancel", drop, { once: true });
  }

  key(event, place) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1], PageUp: [0, 10], PageDown: [0, -10] }[event.key];
    if (!way) return;
    event.preventDefault();
    const a = this.a;
    const times = event.shiftKey ? 10 : 1;
    const { pull, handle, row } = this.pull(place);
    const [x, y] = [a.x(handle.t) + (way[0] * times * (a.right - a.left)) / 100, a.y(handle.value) - (way[1] * times * (a.bottom - a.top)) / 100];
    this.setText(row, pull.to(way[0] ? Math.max(0, a.step(x)) : handle.t, way[1] ? a.value(y) : handle.value));
  }

  // -- sliders -------------------------------------------------------------------------------------------------------------

  drawSliders() {
    const row = this.rows[this.active];
    if (!row?.s) return this.sliders.replaceChildren();
    const shape = row.numbers.map(({ label, integer }) => `${label}${integer}`).join();
    const sliding = this.sliders.contains(document.activeElement);
    if (this.sliders.dataset.shape !== `${this.active}:${shape}`) {
      this.sliders.dataset.shape = `${this.active}:${shape}`;
      this.sliders.replaceChildren(...row.numbers.slice(0, 40).map((number, k) => this.sliderNode(k)));
    }
    row.numbers.slice(0, 40).forEach((number, k) => {
      const node = this.sliders.children[k];
      const [name, range, field] = node.children;
      const written = row.text.slice(number.from, number.to);
      if (this.grabbed && node.written === written) return;
      node.written = written;
      name.textContent = name.title = number.label;
      range.setAttribute("aria-label", number.label);
      field.setAttribute("aria-label", `${number.label}, as a number`);
      if (!sliding || !range.dataset.span || number.value > Number(range.max) || number.value < Number(range.min)) this.span(range, number);
      if (document.activeElement !== range) range.value = number.value;
      range.setAttribute("aria-valuetext", short(number.value));
      if (document.activeElement !== field) field.value = written;
    });
  }

  span(range, number) {
    const whole = number.integer && !number.float;
    const far = number.value === 0 ? (whole ? Math.max(10, Math.round((this.a?.end ?? 100) / 2)) : Math.abs(this.a?.y1 ?? 1) || 1) : 2 * Math.abs(number.value);
    range.min = 0;
    range.max = whole ? Math.max(far, 4) : far;
    range.step = whole ? 1 : far / 1000;
    range.dataset.span = far;
  }

  sliderNode(k) {
    const change = (value) => {
      const row = this.rows[this.active];
      const number = row.numbers[k];
      const values = row.numbers.map((other) => other.value);
      values[k] = number.integer && !number.float ? Math.round(value) : value;
      this.setText(row, withNumbers(row.text, row.numbers, values));
    };
    const range = make("input", { type: "range", oninput: () => change(round(Number(range.value), Number(range.step))), onpointerdown: () => (this.heldAxes = null) });
    const field = make("input", { type: "text", inputmode: "decimal", onchange: () => {
      const row = this.rows[this.active];
      const { from, to } = row.numbers[k];
      if (/^-?[\d_.]+(e[-+]?\d+)?$/i.test(field.value)) this.setText(row, row.text.slice(0, from) + field.value + row.text.slice(to));
    } });
    return make("label", {}, make("span"), range, field);
  }

  // -- below ---------------------------------------------------------------------------------------------------------------

  drawBelow() {
    const row = this.rows[this.active];
    if (!row?.s || row.fault) return this.below.replaceChildren();
    const { s } = row;
    const updates = Math.min(Math.ceil(s.steps > 0 && s.steps < Infinity ? s.steps : horizon([s])), 1e12);
    const cells = describe(s).slice(0, 200).map(([first, last, text, from, to]) => [first, last === Infinity ? "inf" : last, text, short(from), to === null ? "..." : short(to)]);
    const head = make("tr", {}, ...["first", "last", "shape", "from", "to"].map((text) => make("th", { scope: "col" }, text)));
    const table = make("table", { "aria-label": "segments" }, make("thead", {}, head), make("tbody", {}, ...cells.map((texts) => make("tr", {}, ...texts.map((text) => make("td", {}, String(text)))))));
    const sums = totals(s, updates);
    const length = s.steps === Infinity ? `endless; of the first ${updates} steps` : `${short(s.steps, 12)} steps`;
    const facts = make("p", { class: "facts" }, `${length}: total ${sums.exact ? "" : "about "}${short(sums.sum)}, mean ${short(sums.mean)}, peak ${short(sums.peak)} at step ${sums.at}`);
    const findings = lint(s, updates);
    const list = make("ul", { class: "lint", "aria-label": "what looks like a mistake" }, ...findings.map(([step, text]) => make("li", {}, `step ${short(step)}: ${text}`)));
    this.below.replaceChildren(facts, make("div", { class: "scroll" }, table), ...(findings.length ? [list] : []));
  }

  // -- looking around ------------------------------------------------------------------------------------------------------

  listen() {
    const { svg } = this;
    const place = (event) => ((event.clientX - svg.getBoundingClientRect().left) * this.a.width) / svg.getBoundingClientRect().width;
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
      event.preventDefault();
      this.zoom(Math.exp(event.deltaY * 0.0015), place(event));
    }, { passive: false });
    svg.addEventListener("dblclick", () => this.zoomTo(null));
    svg.addEventListener("pointermove", (event) => (this.pan ? this.panned(event) : this.hover(place(event))));
    svg.addEventListener("pointerleave", () => this.hover(null));
    svg.addEventListener("pointerdown", (event) => {
      this.fingers = (this.fingers ?? new Map()).set(event.pointerId, event);
      const a = this.a;
      this.pan = { x: event.clientX, from: [a.step(a.left), a.step(a.right)], y: [a.y0, a.y1], a, moved: false };
      if (event.pointerType === "mouse") svg.setPointerCapture(event.pointerId);
    });
    const lift = (event) => {
      this.fingers?.delete(event.pointerId);
      this.pan = null;
    };
    ["pointerup", "pointercancel"].forEach((name) => svg.addEventListener(name, lift));
  }

  panned(event) {
    if (this.fingers.has(event.pointerId) && this.fingers.size === 2) {
      const [one, two] = [...this.fingers.values()].map((finger) => finger.clientX);
      this.fingers.set(event.pointerId, event);
      const [a, b] = [...this.fingers.values()].map((finger) => finger.clientX);
      if (Math.abs(a - b) > 5) this.zoom(Math.abs(one - two) / Math.abs(a - b));
      return;
    }
    const { a } = this.pan;
    const by = ((event.clientX - this.pan.x) * a.width) / this.svg.getBoundingClientRect().width;
    if (!this.view || Math.abs(by) < 2) return;
    this.zoomTo([a.step(a.left - by), a.step(a.right - by)]);
  }

  zoom(factor, at = (this.a.left + this.a.right) / 2) {
    const a = this.a;
    this.zoomTo([a.step(at - (at - a.left) * factor), a.step(at + (a.right - at) * factor)]);
  }

  zoomTo(x) {
    const most = 4 * (this.a?.end ?? 1);
    if (x) x = x[0] < 0 && !this.state.logX ? [0, Math.min(x[1] - x[0], most)] : [x[0], Math.min(x[1], most)];
    this.view = x && x[1] - x[0] > 1e-9 * x[1] ? { x } : null;
    this.draw();
    this.hover(null);
  }

  hover(px) {
    const a = this.a;
    const inside = px !== null && px >= a.left && px <= a.right && !this.grabbed;
    this.tip.hidden = !inside;
    this.cross.setAttribute("visibility", inside ? "visible" : "hidden");
    if (!inside) return;
    const raw = a.step(px);
    const t = a.x1 - a.x0 > 20 ? Math.round(raw) : Number(raw.toPrecision(4));
    this.cross.setAttribute("x1", a.x(t));
    this.cross.setAttribute("x2", a.x(t));
    const lines = a.drawn.map((row) => {
      row.parts = row.parts?.s === row.s ? row.parts : Object.assign(segments(row.s), { s: row.s });
      const dot = make("span", { style: `color:${colour(this.rows.indexOf(row))}` }, "● ");
      return make("div", {}, dot, `${short(row.s.at(t), 7)}  `, make("small", {}, segmentAt(row.parts, row.s, t)));
    });
    this.tip.replaceChildren(make("div", {}, `step ${short(t, 12)}`), ...lines);
    const share = (px / a.width) * 100;
    Object.assign(this.tip.style, share < 50 ? { left: `${share + 2}%`, right: "" } : { left: "", right: `${102 - share}%` }, { top: "14px" });
  }

  // -- taking it along -----------------------------------------------------------------------------------------------------

  link() {
    return `${location.href.split("#")[0]}${hashOf(this.texts, this.state)}`;
  }

  async copy(name, text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = make("textarea", { style: "position:fixed;opacity:0" });
      area.value = text;
      this.box.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    this.say(`${name} copied`);
  }

  say(text) {
    this.said.textContent = text;
    setTimeout(() => (this.said.textContent = ""), 2500);
  }

  picture() { // the plot by itself, with its colours written out
    const copy = this.svg.cloneNode(true);
    copy.querySelectorAll(".handles").forEach((node) => node.remove());
    copy.setAttribute("xmlns", SPACE);
    copy.setAttribute("width", this.a.width);
    const [live, own] = [this.svg, copy].map((svg) => [...svg.querySelectorAll("path,line,text")]);
    const kept = live.filter((node) => !node.closest(".handles"));
    own.forEach((node, k) => {
      const style = getComputedStyle(kept[k]);
      const names = node.tagName === "text" ? ["fill", "font-size"] : ["stroke", "stroke-width", "stroke-opacity", "fill"];
      node.setAttribute("style", names.map((name) => `${name}:${style.getPropertyValue(name)}`).join(";"));
    });
    copy.prepend(make("rect", { width: this.a.width, height: this.a.height, fill: getComputedStyle(this.box).backgroundColor }));
    copy.style.fontFamily = "sans-serif";
    return new XMLSerializer().serializeToString(copy);
  }

  async png() {
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(this.picture())}`;
    await image.decode();
    const canvas = make("canvas", { width: 2 * this.a.width, height: 2 * this.a.height });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
    const link = make("a", { href: URL.createObjectURL(blob), download: "schedule.png" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    this.say("PNG saved");
  }
}

export const mount = (root, options) => new Editor(root, options);

export default { // a widget of a notebook
  render({ model, el }) {
    const jupyter = document.body?.dataset.jpThemeLight;
    const editor = new Editor(el, {
      theme: jupyter === undefined ? null : jupyter === "true" ? "light" : "dark",
      expressions: model.get("expressions"),
      log: model.get("log"),
      onchange: (texts, sound) => {
        if (!sound) return;
        model.set("expressions", texts);
        model.save_changes();
      },
    });
    const follow = () => editor.setTexts(model.get("expressions"), false);
    model.on("change:expressions", follow);
    return () => model.off("change:expressions", follow);
  },
};
