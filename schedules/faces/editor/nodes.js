// The five nodes: how long each lasts, and its value at a time. All that is made of them is generated.

export const MAKERS = {};
export const OPERATIONS = {};

export class ScheduleError extends Error {}

const refuse = (text) => {
  throw new ScheduleError(text);
};

class Schedule {
  constructor(kind, steps, bare, at, rest = {}) {
    Object.assign(this, { kind, steps, bare, value: undefined, call: null, ...rest });
    this.at = at;
  }
  get settled() {
    return this.kind === "constant" && this.bare;
  }
  get text() {
    return write(this)[0];
  }
}

export const isSchedule = (x) => x instanceof Schedule;
const asSchedule = (x) => (isSchedule(x) ? x : constant(x, null, Number.isInteger(x)));
const held = (t, n) => (t > n ? n : t < 0 ? 0 : t);
const whole = (x) => Number.isInteger(x);

function constant(value, steps = null, integer = false) {
  const bare = steps === null;
  return new Schedule("constant", bare ? 0 : steps, bare, () => value, { value, integer });
}

const time = new Schedule("time", Infinity, false, (t) => (t < 0 ? 0 : t));

function lift(f, args, op = null) {
  const steps = Math.max(...args.map((arg) => arg.steps));
  const bare = args.every((arg) => arg.bare);
  if (args.every((arg) => arg.kind === "constant")) return constant(f(...args.map((arg) => arg.value)), bare ? null : steps);
  const [a, b, c] = args;
  const at =
    args.length === 1 ? (t) => f(a.at(t))
    : args.length === 2 ? (t) => f(a.at(t), b.at(t))
    : args.length === 3 ? (t) => f(a.at(t), b.at(t), c.at(t))
    : (t) => f(...args.map((arg) => arg.at(t)));
  return new Schedule("lift", steps, bare, at, { args, op });
}

function warp(term, clock, steps = Infinity) {
  if (term.kind === "constant") return constant(term.value, steps);
  return new Schedule("warp", steps, false, (t) => term.at(clock.at(held(t, steps))), { term, clock });
}

function join(given) {
  const flat = given.flat(Infinity).map(asSchedule).flatMap((part) => (part.kind === "join" && !part.call ? part.parts : [part]));
  if (flat.length === 0) refuse("join: parts=(): there is nothing to join; give at least one schedule");
  flat.slice(0, -1).forEach((part, place) => inner(part, place + 1, flat.length));
  const parts = flat.filter((part, place) => place === flat.length - 1 || part.steps !== 0);
  if (parts.length === 1) return parts[0];
  const ends = endsOf(parts.map((part) => part.steps));
  const knots = ends.slice(0, -1);
  const at = (t) => {
    const place = placeOf(knots, t);
    return parts[place].at(t - knots[place]);
  };
  return new Schedule("join", ends[parts.length], parts[parts.length - 1].bare, at, { parts, knots });
}

function inner(part, place, count) {
  if (!part.bare && part.steps !== Infinity) return;
  const where = `join: part ${place} of ${count}, ${say(part)},`;
  if (part.settled) refuse(`${where} lasts 0 steps; give it a length: constant(${say(part.value, part.integer ? "" : "f")}, steps=1000)`);
  if (part.bare) refuse(`${where} ends in a constant of no length; give it one, or cut: s[:1000]`);
  refuse(`${where} is endless, so what follows never starts; cut it: s[:1000]`);
}

export function placeOf(knots, t) {
  let low = 0;
  let high = knots.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (t < knots[middle]) high = middle;
    else low = middle + 1;
  }
  return Math.max(low - 1, 0);
}

// Sums of lengths, each rounded once; where rounding would keep the last part from its end, a sum gives way.
function endsOf(lengths) {
  const found = [0];
  let before = 0;
  let lost = 0;
  let length = 0;
  for (length of lengths) {
    let end = found[found.length - 1] + length;
    before = lost;
    if (!whole(end) && end < Infinity) {
      const given = [found[found.length - 1], lost, length];
      end = exactSum(given);
      lost = exactSum([...given, -end]);
    }
    found.push(end);
  }
  const last = found.length - 1;
  if (found[last] < Infinity && found[last] - found[last - 1] < length) {
    if (before === 0 && !whole(found[last])) found[last] = beside(found[last], 1);
    else found[last - 1] = Math.min(found[last] - length, beside(found[last - 1], -1));
  }
  return found;
}

function exactSum(numbers) {
  const partials = [];
  for (let x of numbers) {
    let count = 0;
    for (let y of partials) {
      if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
      const high = x + y;
      const low = y - (high - x);
      if (low !== 0) partials[count++] = low;
      x = high;
    }
    partials.length = count;
    partials.push(x);
  }
  return partials.reduceRight((sum, x) => sum + x, 0);
}

function beside(x, way) {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  view.setBigInt64(0, view.getBigInt64(0) + BigInt(x < 0 ? -way : way));
  return view.getFloat64(0);
}

const counted = (times, make) => Array.from({ length: times }, (_, k) => make(k));

// -- named schedules: each argument is accepted by its rule, and the call is remembered ------------------------------

function named(name, positional, parameters, make) {
  const maker = (...given) => {
    const args = parameters.map(([key, rule, standard], place) => accepted(name, key, rule, given[place] === undefined ? standard : given[place]));
    let body;
    try {
      body = asSchedule(make(...args));
    } catch (fault) {
      if (!(fault instanceof ScheduleError) || fault.message.startsWith(`${name}:`)) throw fault;
      throw new ScheduleError(`${name}: ${fault.message}`);
    }
    if (args.includes(body)) return body;
    const node = Object.create(Schedule.prototype);
    return Object.assign(node, body, { call: { name, args, body } });
  };
  return Object.assign(maker, { title: name, positional, parameters, defaults: parameters.map(([, , value]) => value) });
}

const isShape = (maker) => maker?.parameters?.filter((parameter) => parameter.length < 3).map(([word]) => word).join() === "start,end,steps";
const shapesLike = (word) => Object.keys(MAKERS).filter((name) => word && name.includes(word) && isShape(MAKERS[name]));

function accepted(name, key, rule, value) {
  const wrong = (detail = "") => refuse(`${name}: ${key}=${say(value)}: ${rule.wants}${detail}`);
  const sort = value === null ? "none" : typeof value === "boolean" ? "switch" : typeof value === "string" ? "text" : typeof value === "number" ? "number" : Array.isArray(value) ? "list" : isSchedule(value) ? "schedule" : "maker";
  switch (rule.sort) {
    case "number":
      if (sort === "none" && rule.none) return value;
      if (sort === "switch") wrong(" (a boolean is not a number)");
      if (sort === "text") wrong(" (text is not a number; convert it first with float)");
      if (sort === "list") wrong(" (give one number; jax.vmap maps over a batch of schedules)");
      if (sort !== "number" || (rule.whole && !whole(value) && value !== Infinity)) wrong();
      return !rule.accepts || rule.accepts(value) ? value : wrong();
    case "switch":
      return sort === "switch" ? value : wrong();
    case "schedule":
      if (sort === "switch") wrong(" (a boolean is not a number)");
      if (sort === "text") wrong(" (text is no schedule; leave out the quotes, or convert it first with parse)");
      if (sort === "list") wrong(" (give one number; jax.vmap maps over a batch of schedules)");
      return sort === "schedule" || (sort === "number" && Number.isFinite(value)) ? asSchedule(value) : wrong();
    case "shape": {
      const maker = sort === "text" ? MAKERS[value] : value;
      const meant = shapesLike(sort === "text" ? value : value?.title).join(" or ");
      return isShape(maker) ? maker : wrong(meant && ` (did you mean ${meant}?)`);
    }
    case "any":
      return value;
    default:
      return items(rule, value, sort, wrong);
  }
}

function items(rule, value, sort, wrong) {
  if (sort === "text") wrong(" (text is not a list)");
  if (sort !== "list") wrong(sort === "number" || sort === "switch" ? ` ('${sort === "switch" ? "bool" : whole(value) ? "int" : "float"}' object is not iterable)` : "");
  if (value.length < rule.least) wrong(` (at least ${rule.least} needed)`);
  const fits = (x) => typeof x === "number" && Number.isFinite(x);
  const steps = rule.sort === "pairs" ? value.map((pair) => (Array.isArray(pair) && pair.length === 2 && pair.every(fits) ? pair[0] : wrong())) : value;
  if (!steps.every((x) => fits(x) && (rule.below || x >= 0))) wrong();
  if (rule.ascending && steps.some((x, k) => k > 0 && steps[k - 1] > x)) wrong(" (sort them first)");
  return value;
}

// -- text ------------------------------------------------------------------------------------------------------------

export function float(x) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "nan" : x < 0 ? "-inf" : "inf";
  const [digits, exponent] = x.toExponential().split("e").map((part, k) => (k ? Number(part) : part));
  if (exponent < -4 || exponent >= 16) return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  const text = x !== 0 && Math.abs(x) < 1e-6 ? x.toFixed(20).replace(/0+$/, "") : String(x);
  return /[.e]/.test(text) ? text : Object.is(x, -0) ? "-0.0" : `${text}.0`;
}

export const short = (x, digits = 6) => { // %g
  if (!Number.isFinite(x)) return float(x);
  if (x === 0) return "0";
  const exponent = Number(x.toExponential(digits - 1).split("e")[1]);
  const trim = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
  if (exponent >= -4 && exponent < digits) return trim(x.toFixed(Math.max(digits - 1 - exponent, 0)));
  const [head] = x.toExponential(digits - 1).split("e");
  return `${trim(head)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
};

const middle = (text, most = 80) => (text.length <= most ? text : `${text.slice(0, 38)}...${text.slice(text.length - 39)}`);

export function say(x, spec = "") {
  if (typeof x === "number") return spec === "g" ? short(x) : spec === "f" || !whole(x) ? float(x) : spec === "_" ? String(x).replace(/\B(?=(\d{3})+$)/g, "_") : String(x);
  if (isSchedule(x)) return middle(x.text);
  if (Array.isArray(x)) return `(${x.slice(0, 6).map((item) => say(item)).join(", ")}${x.length > 6 ? ", ..." : x.length === 1 ? "," : ""})`;
  return literal(x);
}

function literal(x, rule = null) {
  if (x === null) return "None";
  if (typeof x === "boolean") return x ? "True" : "False";
  if (typeof x === "string") return `'${x}'`;
  if (typeof x === "function") return x.title;
  if (rule?.sort === "pairs") return `[${x.map(([step, value]) => `(${say(step)}, ${say(value, "f")})`).join(", ")}]`;
  if (Array.isArray(x)) {
    const flat = x.length === 2 && !x.some(Array.isArray);
    return `${flat ? "(" : "["}${x.map((item) => literal(item, rule)).join(", ")}${flat ? ")" : "]"}`;
  }
  if (isSchedule(x)) return x.settled ? say(x.value, rule?.sort === "schedule" ? "" : "f") : x.text;
  return say(x, rule?.float ? "f" : "");
}

const INFIX = { add: ["+", 1], subtract: ["-", 1], multiply: ["*", 2], divide: ["/", 2], floor_divide: ["//", 2], remainder: ["%", 2] };

function write(node) { // the text, and how tightly it binds
  const within = (part, level) => {
    const [text, own] = write(part);
    return own >= level ? text : `(${text})`;
  };
  const operand = (part, level) => (part.settled ? (part.value < 0 && level > 1 ? `(${say(part.value)})` : say(part.value)) : within(part, level));
  if (node.call) {
    const { name, args } = node.call;
    const { positional, parameters } = MAKERS[name];
    if (name === "part") {
      const [s, start, stop] = args;
      return [`${within(s, 5)}[${start ? say(start) : ""}:${stop === s.steps ? "" : say(stop)}]`, 5];
    }
    const texts = args.flatMap((arg, k) => {
      const [key, rule, standard] = parameters[k];
      return k < positional ? [literal(arg, rule)] : arg === standard ? [] : [`${key}=${literal(arg, rule)}`];
    });
    return [`${name}(${texts.join(", ")})`, 5];
  }
  if (node.kind === "constant") {
    const value = say(node.value, node.integer ? "" : "f");
    return [node.bare ? `constant(${value})` : `constant(${value}, steps=${say(node.steps)})`, 5];
  }
  if (node.kind === "time") return ["Time()", 5];
  if (node.kind === "join") return [node.parts.map((part) => within(part, 1)).join(" >> "), 0];
  if (node.kind === "warp") return [`Warp(${node.term.text}, ${node.clock.text}, ${say(node.steps)})`, 5];
  if (INFIX[node.op]) {
    const [sign, level] = INFIX[node.op];
    return [`${operand(node.args[0], level)} ${sign} ${operand(node.args[1], level + 1)}`, level];
  }
  if (node.op === "pow") return [`${operand(node.args[0], 5)} ** ${operand(node.args[1], 3)}`, 4];
  if (node.op === "negative") return [`-${within(node.args[0], 3)}`, 3];
  return [`${node.op ?? "..."}(${node.args.map((arg) => operand(arg, 0)).join(", ")})`, 5];
}
