// What is pulled at: the handles of a schedule, the numbers in its text, and which number follows which handle.

export function handlesOf(s, end, named = false) { // each with its time, its value, and maybe a name
  const knots = knotsOf(s, Math.min(end, s.steps || Infinity));
  const parts = named ? segments(s) : null;
  const peak = Math.max(...knots.map((t) => Math.abs(s.at(t))), Math.abs(s.at(0)), 1e-300);
  const name = (t) => (named ? segmentAt(parts, s, t) : "");
  const found = [{ t: 0, value: s.at(0), name: `start of ${name(0)}` }];
  for (const t of knots) {
    const [before, after] = [limit(s, t, peak), s.at(t)];
    if (Math.abs(before - after) > 1e-6 * peak) found.push({ t, value: before, name: `end of what comes before ${name(t)}` });
    found.push({ t, value: after, name: `start of ${name(t)}` });
  }
  const last = s.steps > 0 && s.steps < Infinity ? s.steps : end;
  found.push({ t: last, value: s.at(last), name: s.steps < Infinity ? "end" : "the last step shown" });
  return found.filter(({ value }) => Number.isFinite(value));
}

export function readText(text) { // the schedule and the numbers in its text
  const reader = new Reader(text, LIBRARIES);
  const s = reader.schedule();
  reader.numbers.sort((a, b) => a.from - b.from);
  return { s, numbers: reader.numbers.filter((number, k, all) => k === 0 || number.from !== all[k - 1].from) };
}

export function spelled(number, value) { // a number as it was written: whole where it was, grouped where it was
  if (number.integer && !number.float) return number.grouped ? grouped(Math.round(value)) : String(Math.round(value));
  if (number.integer && Number.isInteger(value)) return String(value);
  return float(value);
}

export function withNumbers(text, numbers, values) { // the text with other numbers
  let [result, last] = ["", 0];
  numbers.forEach((number, k) => {
    const own = values[k] === number.value ? text.slice(number.from, number.to) : spelled({ ...number, grouped: /\d_\d/.test(text) }, values[k]);
    const signed = own.startsWith("-") && /[-+*/%]\s*$/.test(text.slice(0, number.from)) ? `(${own})` : own;
    result += text.slice(last, number.from) + signed;
    last = number.to;
  });
  return result + text.slice(last);
}

export function round(value, unit) { // the shortest number within a unit
  if (!(unit > 0) || !Number.isFinite(value)) return value;
  const digits = Math.floor(Math.log10(unit));
  return digits >= 0 ? Math.round(value / 10 ** digits) * 10 ** digits : Number(value.toFixed(Math.min(-digits, 100)));
}

export class Pull { // one handle of a text, to be brought to another place; scales are pixels per step and per value
  constructor(text, place, end, scale) {
    Object.assign(this, { text, place, end, scale });
    const { s, numbers } = readText(text);
    this.numbers = numbers;
    this.values = numbers.map((number) => number.value);
    this.from = handlesOf(s, end);
    const moves = numbers.map((_, k) => this.moved(k));
    this.across = this.best(moves, "x");
    this.up = this.best(moves, "y");
  }

  handles(values) { // where the handles are for other numbers; null where these are refused, or make other knots
    try {
      const found = handlesOf(readText(withNumbers(this.text, this.numbers, values)).s, this.end);
      return found.length === this.from.length ? found : null;
    } catch {
      return null;
    }
  }

  moved(k) { // what a small change of one number does to each handle, in pixels of a unit of it
    const number = this.numbers[k];
    const least = number.integer && !number.float ? 1 : 0;
    for (const sign of [1, -1]) {
      const delta = sign * Math.max(least, Math.abs(number.value) * 0.01 || (number.float ? 0.01 * this.height : 0.01 * this.end));
      const rounded = least ? Math.round(delta) : delta;
      const found = this.handles(this.values.map((value, j) => (j === k ? value + rounded : value)));
      if (found) return found.map((handle, i) => ({ x: ((handle.t - this.from[i].t) * this.scale.x) / rounded, y: ((handle.value - this.from[i].value) * this.scale.y) / rounded, size: Math.abs(rounded) }));
    }
    return null;
  }

  get height() {
    return Math.max(...this.from.map(({ value }) => Math.abs(value))) || 1;
  }

  best(moves, axis) { // the number that moves this handle most along an axis, and all else least
    const scores = moves.map((found) => {
      if (!found) return 0;
      const mine = Math.abs(found[this.place][axis]) * found[0].size;
      const all = found.reduce((sum, move) => sum + (Math.abs(move.x) + Math.abs(move.y)) * move.size, 0);
      return mine > 1e-6 && mine > 1e-9 * all ? mine / all : 0;
    });
    const k = scores.indexOf(Math.max(0, ...scores));
    return k < 0 || !scores[k] ? null : { k, rate: moves[k][this.place][axis] };
  }

  to(t, value) { // the text that brings the handle there, or as near as its numbers allow
    const values = [...this.values];
    const goals = [[this.across, "t", t, this.scale.x], [this.up, "value", value, this.scale.y]];
    for (const [mover, key, goal, scale] of goals) {
      if (!mover || (mover === this.up && this.across?.k === mover.k && mover !== goals[0][0])) continue;
      const { k, rate } = mover;
      let here = goals[0][0] && mover !== goals[0][0] ? this.handles(values)?.[this.place] : this.from[this.place];
      for (let turn = 0; turn < 3 && here; turn += 1) {
        const off = (goal - here[key]) * scale;
        if (Math.abs(off) < 0.25) break;
        const before = values[k];
        const next = round(before + off / rate, 0.5 / Math.abs(rate));
        values[k] = this.numbers[k].integer && !this.numbers[k].float ? Math.round(next) : next;
        here = this.handles(values)?.[this.place];
        if (!here) {
          values[k] = this.nearest(values, k, before);
          break;
        }
      }
    }
    return withNumbers(this.text, this.numbers, values);
  }

  nearest(values, k, good) { // the furthest that is not refused
    let [low, high] = [good, values[k]];
    for (let turn = 0; turn < 12; turn += 1) {
      const middle = this.numbers[k].integer && !this.numbers[k].float ? Math.round((low + high) / 2) : (low + high) / 2;
      const found = this.handles(values.map((value, j) => (j === k ? middle : value)));
      if (found) low = middle;
      else high = middle;
    }
    return round(low, Math.abs(low - high) || 1e-12);
  }
}
