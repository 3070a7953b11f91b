// What a schedule is made of: the parts that follow one another, its knots, what looks like a mistake, how much it is.

const FEW = 60; // knots that are worth a handle
const LOOKED = 200_000; // updates that are looked at one by one

export function horizon(schedules) {
  const own = schedules.map((s) => (s.steps > 0 && s.steps < Infinity ? s.steps : 3 * longest(s) || 1000));
  return Math.max(1, ...own);
}

function longest(s) {
  if (s.steps > 0 && s.steps < Infinity) return s.steps;
  if (s.kind === "join") return Math.max(s.knots[s.knots.length - 1], longest(s.parts[s.parts.length - 1]));
  const inner = s.call ? s.call.args.filter(isSchedule) : [];
  const below = inner.length ? inner : [...(s.args ?? []), s.term, s.clock].filter(Boolean);
  return Math.max(0, ...below.map(longest));
}

function pace(clock, span) { // first and stride of a clock that runs evenly, else null
  const n = span < Infinity && span > 0 ? span : 1000;
  const [first, last] = [clock.at(0), clock.at(n)];
  const stride = (last - first) / n;
  const even = [0.1, 0.25, 0.5, 0.77].every((x) => Math.abs(clock.at(x * n) - first - stride * x * n) <= 1e-9 * (Math.abs(first) + Math.abs(last) + 1));
  return even && stride !== 0 ? [first, stride] : null;
}

export function knotsOf(s, end) { // the times at which a schedule goes over to another formula
  const inside = (times) => [...new Set(times)].filter((t) => t > 0 && t < end).sort((a, b) => a - b).slice(0, FEW);
  if (s.call?.name === "cycle") {
    const n = s.call.args[0].steps;
    const rounds = Math.min(Math.ceil(end / n), FEW);
    const own = [0, ...knotsOf(s.call.args[0], n)];
    return inside(Array.from({ length: rounds }, (_, k) => own.map((t) => t + k * n)).flat());
  }
  if (s.kind === "join") return inside(s.parts.flatMap((part, k) => [s.knots[k], ...knotsOf(part, part.steps || Infinity).map((t) => t + s.knots[k])]));
  if (s.kind === "lift") return inside(s.args.flatMap((arg) => [...knotsOf(arg, end), arg.steps]));
  if (s.kind !== "warp") return [];
  const even = pace(s.clock, s.steps);
  return even ? inside(knotsOf(s.term, s.term.steps || Infinity).map((t) => (t - even[0]) / even[1])) : [];
}

const readable = (parts) => parts.length > 1 && parts.every(([, part]) => !/\.\.\.|Warp\(/.test(part.text));

export function segments(s, begin = 0) { // the parts that follow one another, each with its start
  if (s.call) {
    const own = segments(Object.assign(Object.create(Object.getPrototypeOf(s)), s, { call: null }), begin);
    return readable(own) ? own : [[begin, s]];
  }
  if (s.kind === "join") return s.parts.flatMap((part, k) => segments(part, begin + s.knots[k]));
  if (s.kind === "lift" && s.op) {
    const varying = s.args.filter((arg) => !arg.settled);
    if (varying.length === 1) return segments(varying[0], begin).map(([start, part]) => [start, operate(s.op, s.args.map((arg) => (arg === varying[0] ? part : arg)))]);
  }
  const even = s.kind === "warp" ? pace(s.clock, s.steps) : null;
  return (even && even[1] > 0 && seenThrough(s, even, begin)) || [[begin, s]];
}

function seenThrough(s, [first, stride], begin) {
  const parts = segments(s.term);
  if (parts.length < 2) return null;
  const found = [];
  parts.forEach(([knot, part], place) => {
    const end = parts[place + 1]?.[0] ?? (s.term.steps || Infinity);
    const start = knot ? Math.max((knot - first) / stride, 0) : 0;
    if (!(start < Math.min((end - first) / stride, s.steps) || (end === knot && start <= s.steps))) return;
    const offset = first - knot + stride * start;
    const moved = offset > 0 ? MAKERS.part(part, offset, Math.max(part.steps, offset)) : offset < 0 ? MAKERS.shift(part, -offset) : part;
    found.push([begin + start, stride === 1 ? moved : MAKERS.stretch(moved, 1 / stride)]);
  });
  return found.length ? found : null;
}

export function describe(s) { // rows of first, last, shape, from, to
  const parts = segments(s);
  const begin = parts[parts.length - 1][0];
  const end = begin < s.steps ? s.steps : Infinity;
  const edges = [...parts.map(([start]) => Math.ceil(start)), Math.ceil(end)];
  return parts.flatMap(([, part], k) => {
    const [first, stop] = [edges[k], edges[k + 1]];
    if (!(first < stop)) return [];
    if (stop < Infinity) return [[first, stop - 1, part.text, s.at(first), s.at(stop - 1)]];
    return [[first, Infinity, part.text, s.at(first), part.steps === 0 || part.kind === "constant" ? s.at(first) : null]];
  });
}

export function segmentAt(parts, s, t) {
  if (t > s.steps && parts[parts.length - 1][0] < s.steps) return "holds";
  return parts[placeOf(parts.map(([start]) => start), t)][1].text;
}

// -- how much, and what looks like a mistake ---------------------------------------------------------------------------

export function totals(s, updates) {
  const n = Math.ceil(updates);
  const stride = Math.max(1, Math.ceil(n / LOOKED));
  let [sum, peak, at] = [0, -Infinity, 0];
  for (let t = 0; t < n; t += stride) {
    const value = s.at(t);
    sum += value * Math.min(stride, n - t);
    if (value > peak) [peak, at] = [value, t];
  }
  return { sum, mean: sum / n, peak, at, exact: stride === 1 };
}

export function limit(s, t, peak) { // the value just before a time
  const e = 1e-6 * Math.max(t, 1);
  const value = 2 * s.at(t - e) - s.at(t - 2 * e);
  return Math.abs(value) < 1e-9 * peak ? 0 : value;
}

const holds = (s) => (s.kind === "join" ? holds(s.parts[s.parts.length - 1]) : s.settled);

export function lint(s, updates = Math.ceil(s.steps)) { // [step, text] of each finding, in order
  if (!(updates < Infinity)) return [];
  const found = [];
  const say = (step, text) => found.push([step, text]);
  const looked = Math.min(updates, LOOKED);
  const values = Array.from({ length: looked }, (_, t) => s.at(t));
  const finite = values.filter(Number.isFinite);
  const peak = Math.max(0, ...reduced(finite.map(Math.abs), Math.max));
  const tiny = 1e-12 * peak;
  const broken = values.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) say(broken, `is ${short(values[broken])}, which no training survives`);
  const negative = values.findIndex((value) => value < -tiny);
  if (negative >= 0) {
    const lowest = values.reduce((low, value, t) => (value < values[low] ? t : low), negative);
    say(negative, `is negative; the lowest value is ${short(values[lowest])}, at step ${lowest}`);
  }
  let stretch = 0;
  for (let t = 0; t <= looked; t++) {
    if (t < looked && values[t] === 0) stretch += 1;
    else {
      if (stretch > 1) say(t - stretch, `stays at 0 for the ${t === updates ? "last " : ""}${stretch} updates, which change nothing`);
      stretch = 0;
    }
  }
  if (looked > 0 && values[0] === 0 && values[1] !== 0) say(0, "the first update is at 0 and changes nothing; s[1:] begins one step later");
  const knots = knotsOf(s, Infinity);
  const flat = (a, b) => s.at(a) === s.at(b) && s.at((a + b) / 2) === s.at(a);
  const jumps = knots.flatMap((t, k) => {
    const [before, after] = [limit(s, t, peak), s.at(t)];
    const [last, next] = [knots[k - 1] ?? 0, knots[k + 1] ?? (s.steps < Infinity && s.steps > t ? s.steps : t + 1)];
    const level = flat(last, t - 1e-9 * Math.max(t, 1)) && flat(t, next - 1e-9 * Math.max(t, 1));
    return t <= updates - 1 && Math.abs(before - after) > 1e-6 * peak && !level ? [[t, `jumps from ${short(before)} to ${short(after)}`]] : [];
  });
  found.push(...few(jumps, "jumps"));
  const edges = [...knots.filter((t) => t < updates), updates];
  const shorter = edges.slice(0, -1).flatMap((t, k) => (edges[k + 1] - t < 1 - 1e-9 ? [[t, `a phase of ${short(edges[k + 1] - t)} steps: no more than one update sees it`]] : []));
  found.push(...few(shorter, "a phase is shorter than a step"));
  if (updates < s.steps && s.steps < Infinity) say(updates, `the training ends, ${short(s.steps - updates)} steps before the schedule does`);
  else if (s.steps <= updates - 1 && !holds(s)) say(Math.ceil(s.steps), `the schedule ends, and its last value, ${short(s.at(s.steps))}, holds for the rest of ${updates} updates`);
  if (s.steps < Infinity && updates > 0) {
    const [last, end] = [s.at(updates - 1), s.at(s.steps)];
    if (last - end > 0.01 * peak) say(updates - 1, `the last update is at ${short(last)}, and never comes down to the end, ${short(end)}`);
  }
  const reached = Math.max(-Infinity, ...[0, ...knots].filter((t) => t <= updates - 1).flatMap((t) => [s.at(t), s.at(Math.max(t - 1e-9 * Math.max(t, 1), 0))]).filter(Number.isFinite));
  const [highest, at] = values.reduce(([best, place], value, t) => (value >= best ? [value, t] : [best, place]), [-Infinity, 0]);
  if (reached - highest > 1e-8 * Math.abs(reached)) say(at, `the peak, ${short(reached)}, is never used, since it is at no whole step; ${short(highest)} is`);
  if (looked < updates) say(looked, "from here on nothing was looked at; lint a part: s[a:b]");
  return found.sort((a, b) => a[0] - b[0]);
}

const reduced = (numbers, rule) => (numbers.length ? [numbers.reduce((a, b) => rule(a, b))] : []);
const few = (listed, kind) => (listed.length > 3 ? [...listed.slice(0, 3), [listed[3][0], `${kind}, as at ${listed.length - 4} more steps from here on`]] : listed);
