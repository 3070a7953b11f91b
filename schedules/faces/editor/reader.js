// The reader: expressions as Python reads them, with the same errors at the same places.

const MAX_LENGTH = 200_000;
const MAX_NESTING = 100;
const MAX_INTEGER = 2 ** 63;
const CONSTANTS = { inf: Infinity, pi: Math.PI };
const KEYWORDS = new Set("False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield".split(" "));
const TOKEN = /[ \t\f]+|(0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*)?\.\d[\d_]*(?:[eE][+-]?\d[\d_]*)?[jJ]?|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d[\d_]*)?[jJ]?)|([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(\*\*|\/\/|>>|<<|:=|->|<=|>=|==|!=|\.\.\.|[-+*/%@&|^~()[\]{},:;.=<>!`?$])/gy;
const CLOSES = { "(": ")", "[": "]", "{": "}" };

export class ParseError extends ScheduleError {
  constructor(message, from = 0, to = from + 1) {
    super(`parse: ${message}`);
    Object.assign(this, { from, to });
  }
}

const excerpt = (text) => quoted(text.length <= 60 ? text : `${text.slice(0, 57)}...`);
const quoted = (text) => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return `${quote}${text.replace(/\\/g, "\\\\").replaceAll(quote, quote === "'" ? "\\'" : quote).replace(/\n/g, "\\n").replaceAll("\0", "\\x00").replace(/\r/g, "\\r").replace(/\t/g, "\\t")}${quote}`;
};
const grouped = (x) => String(x).replace(/\B(?=(\d{3})+$)/g, "_");

// -- syntax ----------------------------------------------------------------------------------------------------------

class Syntax {
  constructor(given) {
    this.given = given;
    this.plain = given.replace(/#[^\r\n]*|\\?[\r\n]/g, (found) => " ".repeat(found.length));
    this.skipped = this.plain.length - this.plain.trimStart().length;
    this.text = this.plain.trim();
    this.deep = 0;
    this.tokens = this.tokenized();
    this.place = 0;
  }

  error(why, at) {
    const found = /(?<![\w.])(\d[\d_]*(?:\.\d+)?)([kmbt])\b/i.exec(this.text);
    if (found) {
      const scale = 1000 ** (1 + "kmbt".indexOf(found[2].toLowerCase()));
      const exact = Number((Number(found[1].replaceAll("_", "")) * scale).toPrecision(15));
      const from = this.skipped + found.index;
      throw new ParseError(`at character ${from + 1}: '${found[0]}': write ${Number.isInteger(exact) ? grouped(exact) : float(exact)}`, from, from + found[0].length);
    }
    const meant = { ";": "join parts with >>", ":": "give the expression alone, without a name" }[this.text[at]] ?? why;
    throw new ParseError(`at character ${this.skipped + at + 1}: ${meant}: ${excerpt(this.given)}`, this.skipped + at);
  }

  tokenized() {
    const tokens = [];
    const open = [];
    TOKEN.lastIndex = 0;
    for (let at = 0; at < this.text.length; at = TOKEN.lastIndex) {
      TOKEN.lastIndex = at;
      const found = TOKEN.exec(this.text);
      if (!found) {
        const one = this.text[at];
        if (/['"]/.test(one)) this.error(`unterminated string literal (detected at line 1)`, at);
        this.error(`invalid non-printable character U+${one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`, at);
      }
      const [text, number, word, string, sign] = found;
      if (number === undefined && word === undefined && string === undefined && sign === undefined) continue;
      if (number) this.number(number, at, this.text[TOKEN.lastIndex] ?? "");
      if (sign in CLOSES && open.push([sign, at]) > 200) this.error("too many nested parentheses", at);
      if (Object.values(CLOSES).includes(sign)) {
        const [opened] = open.pop() ?? [];
        if (!opened) tokens.push({ sort: "fault", text, at, why: `unmatched '${sign}'` });
        else if (CLOSES[opened] !== sign) tokens.push({ sort: "fault", text, at, why: `closing parenthesis '${sign}' does not match opening parenthesis '${opened}'` });
      }
      tokens.push({ sort: number ? "number" : word ? "word" : string ? "string" : "sign", text, at, deep: open.length });
    }
    this.open = open;
    return tokens;
  }

  number(text, at, next) {
    if (/^0[xob]/i.test(text)) return;
    if (/__|_$|_[.eEjJ]|[.eE]_/.test(text)) this.error("invalid decimal literal", at + text.search(/__|_$|_[.eEjJ]|[.eE]_/));
    if (/^0[0-9_]*[1-9]/.test(text) && /^[0-9_]+$/.test(text)) this.error("leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers", at);
    const keyword = /^(and|else|for|if|in|is|not|or)\b/.test(this.text.slice(at + text.length));
    if (/[\w]/.test(next) && !keyword) this.error(`invalid ${/[jJ]$/.test(text) ? "imaginary" : "decimal"} literal`, at + text.length - 1);
  }

  get token() {
    return this.tokens[this.place] ?? { sort: "end", text: "", at: this.text.length, deep: 0 };
  }
  is(...texts) {
    const { sort, text } = this.token;
    return (sort === "sign" || sort === "word") && texts.includes(text);
  }
  take(text) {
    return this.is(text) && (this.place += 1, true);
  }
  unexpected() {
    const { sort, at, why } = this.token;
    if (sort === "fault") this.error(why, at);
    if (sort === "end" && this.open.length) {
      const [sign, from] = this.open[this.open.length - 1];
      this.error(`'${sign}' was never closed`, from);
    }
    this.error("invalid syntax", at);
  }
  node(type, at, rest = {}) {
    const last = this.tokens[this.place - 1] ?? { at: 0, text: "" };
    return { type, at, end: last.at + last.text.length, ...rest };
  }

  whole() {
    const tree = this.expression();
    if (this.token.sort !== "end") this.unexpected();
    if (this.open.length) this.unexpected();
    return tree;
  }

  expression() {
    this.deep += 1;
    const { at } = this.token;
    if (this.is("lambda")) return this.other(at);
    const test = this.level(0);
    if (this.is("if", "for", "async", ":=")) return this.other(at);
    this.deep -= 1;
    return test;
  }

  other(at) { // what is Python, but no expression of schedules: read to the end of its bracket
    const { deep } = this.token;
    while (this.token.sort !== "end" && this.token.deep >= deep && !(this.token.deep === deep && this.is(","))) this.place += 1;
    this.deep -= 1;
    return this.node("other", at);
  }

  level(k) {
    const [signs, type] = LEVELS[k] ?? [];
    if (!signs) return this.unary();
    const { at } = this.token;
    if (type === "not" && this.take("not")) {
      this.level(k);
      return this.node("other", at);
    }
    let left = this.level(k + 1);
    while (this.is(...signs)) {
      const sign = this.token.text;
      this.place += 1;
      if (sign === "is" || sign === "not") this.take(sign === "is" ? "not" : "in");
      const right = this.level(k + 1);
      left = type === "binary" ? this.node("binary", at, { sign, left, right }) : this.node("other", at);
    }
    return left;
  }

  unary() {
    const { at, text } = this.token;
    if (this.is("-", "+", "~")) {
      this.place += 1;
      this.deep += 1;
      if (this.deep > 190) throw new ParseError(`nested too deeply: ${excerpt(this.given)}`);
      const inner = this.unary();
      this.deep -= 1;
      return this.node(text === "~" ? "other" : "unary", at, { sign: text, inner });
    }
    const left = this.primary();
    if (!this.take("**")) return left;
    const right = this.unary();
    return this.node("binary", at, { sign: "**", left, right });
  }

  primary() {
    const { at } = this.token;
    if (this.take("await")) {
      this.primary();
      return this.node("other", at);
    }
    let left = this.atom();
    for (;;) {
      if (this.take("(")) left = this.call(left, at);
      else if (this.take("[")) left = this.subscript(left, at);
      else if (this.take(".")) {
        if (this.token.sort !== "word" || KEYWORDS.has(this.token.text)) this.unexpected();
        const name = this.token.text;
        this.place += 1;
        left = this.node("attribute", at, { inner: left, name });
      } else return this.juxtaposed(left);
    }
  }

  juxtaposed(left) { // one expression after another, inside brackets
    const { sort, text, deep, at } = this.token;
    const begins = sort === "number" || sort === "string" || (sort === "word" && (!KEYWORDS.has(text) || /^(None|True|False|lambda|not)$/.test(text)));
    if (begins && deep && !(left.type === "name" && sort === "string")) {
      const mark = this.place;
      try {
        this.expression();
      } catch {
        this.place = mark;
        this.unexpected();
      }
      this.error("invalid syntax. Perhaps you forgot a comma?", left.at);
    }
    return at >= 0 ? left : left;
  }

  call(left, at) {
    const args = [];
    const words = [];
    while (!this.take(")")) {
      const begin = this.token.at;
      const [word, equals] = [this.token, this.tokens[this.place + 1]];
      if (this.take("**")) words.push({ name: null, value: this.expression() });
      else if (this.take("*")) {
        this.expression();
        args.push(this.node("other", begin));
      } else if (word.sort === "word" && equals?.text === "=" && equals.sort === "sign") {
        if (KEYWORDS.has(word.text)) this.error(/^(True|False|None)$/.test(word.text) ? `cannot assign to ${word.text}` : "invalid syntax", begin);
        this.place += 2;
        if (this.is(",", ")")) this.error("expected argument value expression", begin);
        words.push({ name: word.text, value: this.expression() });
      } else {
        const value = this.expression();
        if (this.is("=")) this.error('expression cannot contain assignment, perhaps you meant "=="?', begin);
        if (words.length) this.error(words.some((word) => word.name === null) ? "positional argument follows keyword argument unpacking" : "positional argument follows keyword argument", this.tokens[this.place - 1].at + this.tokens[this.place - 1].text.length - 1);
        args.push(value);
      }
      if (!this.is(",", ")")) this.unexpected();
      this.take(",");
    }
    return this.node("call", at, { left, args, words });
  }

  subscript(left, at) {
    const bounds = [];
    const end = () => (this.is(":", "]", ",") ? null : this.expression());
    let slice = false;
    bounds.push(end());
    while (this.take(":")) {
      slice = true;
      bounds.push(end());
    }
    if (!slice && bounds[0] === null) this.unexpected();
    if (this.is(",")) {
      slice = false;
      const { deep } = this.token;
      while (this.token.sort !== "end" && this.token.deep >= deep) this.place += 1;
    }
    if (!this.take("]")) this.unexpected();
    const plain = slice && bounds.length <= 2 + (bounds[2] === null);
    return plain ? this.node("slice", at, { left, low: bounds[0], high: bounds[1] }) : this.node("other", at);
  }

  atom() {
    const { sort, text, at } = this.token;
    if (sort === "number") {
      this.place += 1;
      if (/[jJ]$/.test(text)) return this.node("other", at);
      const value = Number(text.replaceAll("_", ""));
      return this.node("number", at, { value, integer: /^[\d_]+$|^0[xob]/i.test(text) });
    }
    if (sort === "string") {
      this.place += 1;
      return this.node("string", at, { value: text.slice(1, -1) });
    }
    if (sort === "word" && !KEYWORDS.has(text)) {
      this.place += 1;
      if (this.token.sort === "string" && this.token.at === at + text.length) {
        this.place += 1;
        return this.node("other", at);
      }
      return this.node("name", at, { name: text });
    }
    if (sort === "word" && /^(True|False|None)$/.test(text)) {
      this.place += 1;
      return this.node("string", at, { value: { True: true, False: false, None: null }[text] });
    }
    if (this.take("...")) return this.node("other", at);
    if (this.take("{")) {
      while (!this.is("}") && this.token.sort !== "end") this.place += 1;
      if (!this.take("}")) this.unexpected();
      return this.node("other", at);
    }
    if (this.is("(", "[")) return this.bracket(at);
    return this.unexpected();
  }

  bracket(at) {
    const round = this.take("(");
    if (!round) this.place += 1;
    const close = round ? ")" : "]";
    const found = [];
    let commas = 0;
    while (!this.is(close)) {
      found.push(this.expression());
      if (!this.is(",", close)) this.unexpected();
      commas += this.take(",");
    }
    this.place += 1;
    if (round && found.length === 1 && !commas) return found[0].type === "other" && found[0].at === at + 1 ? { ...found[0], inside: true } : { ...found[0], grouped: true };
    const comprehension = found.length === 1 && found[0].type === "other" && /\bfor\b/.test(this.text.slice(found[0].at, found[0].end));
    return this.node(comprehension ? "other" : "list", at, { items: found });
  }
}

const ROLES = { "+": "offset", "-": "offset", "*": "factor", "/": "divisor", "//": "divisor", "%": "period", "**": "exponent" };
const PAIR = ["step", ["value", { float: true }]];
const labelled = (label) => (Array.isArray(label) ? { label: label[0], float: Boolean(label[1]?.float), sort: label[1]?.sort } : { label, float: label !== "step" && label !== "start" && label !== "end" });

const LEVELS = [
  [["or"], "other"],
  [["and"], "other"],
  [[], "not"],
  [["<", ">", "<=", ">=", "==", "!=", "in", "is", "not"], "other"],
  [["|"], "binary"],
  [["^"], "binary"],
  [["&"], "binary"],
  [["<<", ">>"], "binary"],
  [["+", "-"], "binary"],
  [["*", "/", "//", "%", "@"], "binary"],
];

// -- meaning ---------------------------------------------------------------------------------------------------------

const SIGNS = { "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "//": "floor_divide", "%": "remainder", "**": "pow" };
const BINARY = new Set([...Object.values(SIGNS)]);
const MEANT = { min: ["minimum"], max: ["maximum"], exp: ["exponential"] };
const isNumber = (x) => typeof x === "number" && !Number.isNaN(x);
const isOperand = (x) => isSchedule(x) || isNumber(x);

function operate(op, values, quotes = true) { // an operation on numbers is a number
  const f = OPERATIONS[op];
  if (values.every(isNumber)) {
    if (["divide", "floor_divide", "remainder"].includes(op) && values[1] === 0) refuse(quotes ? { divide: values.every(whole) ? "division by zero" : "float division by zero", floor_divide: "integer division or modulo by zero", remainder: "integer modulo by zero" }[op] : `${op}: operands=[${values.map((x) => say(x)).join(", ")}]: division by zero; choose operands inside its domain`);
    const value = f(...values);
    if (!Number.isFinite(value)) refuse(op === "pow" && quotes ? "(34, 'Numerical result out of range')" : `${op}: operands=[${values.map((x) => say(x)).join(", ")}]: math ${Number.isNaN(value) || values[0] <= 0 ? "domain error" : "range error"}; choose operands inside its domain`);
    return value;
  }
  const terms = values.map(asOperand(op));
  const [a, b] = terms.map((term) => (term.kind === "constant" ? term.value : undefined));
  if (["divide", "floor_divide", "remainder"].includes(op) && b === 0) refuse(`${op}: divisor=${say(b)}: nothing is divided by zero`);
  const longest = Math.max(...terms.map((term) => term.steps));
  if ((op === "multiply" && (a === 0 || b === 0)) || (op === "divide" && a === 0)) return constant(0, terms.every((term) => term.settled) ? null : longest);
  const neutral = { add: [0, 0], subtract: [undefined, 0], multiply: [1, 1], divide: [undefined, 1], pow: [undefined, 1] }[op] ?? [];
  if (a !== undefined && a === neutral[0] && terms[1].steps === longest) return terms[1];
  if (b !== undefined && b === neutral[1] && terms[0].steps === longest) return terms[0];
  return lift(f, terms, op);
}

const asOperand = (name) => (x) => {
  if (isSchedule(x)) return x;
  if (isNumber(x) && Number.isFinite(x)) return asSchedule(x);
  const detail = typeof x === "boolean" ? " (a boolean is not a number)" : typeof x === "string" ? " (text is no schedule; leave out the quotes, or convert it first with parse)" : Array.isArray(x) ? " (give one number; jax.vmap maps over a batch of schedules)" : "";
  return refuse(`${name}: operand=${say(x)}: this is a schedule or a finite number${detail}`);
};

const rounded = (name, rule) => (...args) => {
  if (args.length !== 1) refuse(`${name}: operands=${args.length}: ${name} takes 1`);
  const [x] = args;
  if (typeof x !== "number" || !Number.isFinite(x)) refuse(`${name}: operand=${say(x)}: a value is a finite number, such as a learning rate of 0.001${typeof x === "string" ? " (text is not a number; convert it first with float)" : typeof x === "boolean" ? " (a boolean is not a number)" : ""}`);
  return rule(x);
};

const even = (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x));
const VALUE = { sort: "number", float: true, wants: "a value is a finite number, such as a learning rate of 0.001", accepts: Number.isFinite };
const ENDLESS = { sort: "number", none: true, wants: "a duration is a number of steps >= 0, or inf, or None", accepts: (x) => x >= 0 };
const call = (parameters, make, positional = parameters.length) => Object.assign(make, { parameters, positional, plain: true });

const FUNCTIONS = {
  round: rounded("round", even),
  floor: rounded("floor", Math.floor),
  ceil: rounded("ceil", Math.ceil),
  join: (...parts) => join(parts.flat(Infinity).map(asOperand("join"))),
  scale: call([["s"], ["factor"]], (s, factor) => operate("multiply", [asOperand("scale")(factor), asOperand("scale")(s)])),
  minimum: call([["a"], ["b"]], (a, b) => operate("minimum", [a, b], false)),
  maximum: call([["a"], ["b"]], (a, b) => operate("maximum", [a, b], false)),
  constant: call([["value", VALUE], ["steps", ENDLESS, null]], (value, steps) => constant(accepted("constant", "value", VALUE, value), accepted("constant", "steps", ENDLESS, steps)), 1),
  Time: call([], () => time),
  Warp: call([["term"], ["clock"], ["steps", ENDLESS, Infinity]], (term, clock, steps) => warp(asOperand("Warp")(term), asOperand("Warp")(clock), steps)),
};

function operation(op) {
  return (...values) => {
    if (values.length !== OPERATIONS[op].length) refuse(`${op}: operands=${values.length}: ${op} takes ${OPERATIONS[op].length}`);
    const result = operate(op, values, false);
    return result;
  };
}

const functionOf = (name) => (name === "custom" ? null : Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : Object.hasOwn(OPERATIONS, name) ? operation(name) : name === "part" ? MAKERS.part : Object.hasOwn(MAKERS, name) ? MAKERS[name] : null);
const isWord = (name) => name in CONSTANTS || functionOf(name) !== null;

export class Reader {
  constructor(text, libraries = []) {
    if (text.length > MAX_LENGTH) throw new ParseError(`text of ${text.length} characters: at most ${MAX_LENGTH} are read`);
    if (text.includes("\0")) throw new ParseError(`at character ${text.length + 1}: source code string cannot contain null bytes: ${excerpt(text)}`, text.length);
    this.syntax = new Syntax(text);
    this.libraries = libraries;
    this.numbers = []; // each number that is written, with its place and what it is for
    this.tree = this.syntax.whole();
  }

  schedule() {
    const value = this.read(this.tree, 0, "value");
    if (!isOperand(value)) this.fail(this.tree, "this is no schedule; write one, such as constant(0.1), without quotes");
    if (isNumber(value) && !Number.isFinite(value)) this.fail(this.tree, `constant: operand=${say(value)}: this is a schedule or a finite number`);
    return asSchedule(value);
  }

  fail(node, why) {
    const { skipped, text } = this.syntax;
    const source = text.slice(node.at, node.end);
    throw new ParseError(`at character ${skipped + node.at + 1}: ${excerpt(source)}: ${why}`, skipped + node.at, skipped + node.end);
  }

  read(node, depth, label) {
    if (depth > MAX_NESTING) this.fail(node, `nested more than ${MAX_NESTING} deep`);
    try {
      return this.visit(node, depth + 1, label);
    } catch (fault) {
      if (fault instanceof ParseError) throw fault;
      if (fault instanceof ScheduleError || fault instanceof RangeError) return this.fail(node, fault.message);
      throw fault;
    }
  }

  visit(node, depth, label) {
    switch (node.type) {
      case "number":
        if (node.integer && node.value >= MAX_INTEGER) this.fail(node, "the number is too large");
        this.numbers.push({ value: node.value, from: this.syntax.skipped + node.at, to: this.syntax.skipped + node.end, ...labelled(label), integer: node.integer });
        return node.value;
      case "string":
        return node.value;
      case "list":
        return node.items.map((item, place) => this.read(item, depth, labelled(label).sort === "pairs" && item.type !== "list" ? PAIR[place] : label));
      case "unary": {
        const value = this.operand(node.inner, this.read(node.inner, depth, label));
        return node.sign === "-" ? (isNumber(value) ? -value : operate("negative", [value])) : value;
      }
      case "binary":
        return this.chain(node, depth, label);
      case "slice":
        return this.slice(node, depth);
      case "call":
        return this.call(node, depth);
      case "name":
        return this.name(node);
      default:
        return this.fail(node, "only names of schedules, numbers, lists, operators and slices are read");
    }
  }

  slice(node, depth) {
    const [low, high] = [node.low, node.high].map((end, k) => (end === null ? null : this.read(end, depth, k ? "end" : "start")));
    const s = this.read(node.left, depth, "value");
    if (!isSchedule(s)) refuse(`'${Array.isArray(s) ? "tuple" : typeof s === "number" ? (whole(s) ? "int" : "float") : "str"}' object is not subscriptable`);
    const step = (name, x) => {
      if (typeof x !== "number") refuse(`s[a:b]: ${name}=${say(x)}: this is a number of steps; negative counts from the end${typeof x === "boolean" ? " (a boolean is not a number)" : ""}`);
      if (x >= 0) return x;
      if (s.steps === Infinity) refuse(`s[a:b]: ${name}=${say(x)}: ${say(s)} is endless, so nothing counts from its end; cut it: s[:1000]`);
      if (-x > s.steps) refuse(`s[a:b]: ${name}=${say(x)}: it reaches back before step 0 of ${say(s.steps)}`);
      return s.steps + x;
    };
    const start = low === null ? 0 : step("a", low);
    return MAKERS.part(s, start, high === null ? Math.max(s.steps, start) : step("b", high));
  }

  name(node) {
    const { name } = node;
    if (name in CONSTANTS) return CONSTANTS[name];
    if (Object.hasOwn(MAKERS, name) && name !== "part") return MAKERS[name];
    if (isWord(name) || name === "custom" || this.libraries.includes(name)) this.fail(node, this.unknown(name));
    const free = this.free();
    return this.fail(node, `${this.unknown(name)}; free is ${free.join(", ")}, given is nothing; give ${free.map((word) => `${word}=...`).join(", ")}`);
  }

  free() {
    const found = [];
    const look = (node) => {
      if (!node || typeof node !== "object") return;
      if (Array.isArray(node)) return node.forEach(look);
      if (node.type === "name") found.push([node.at, node.name]);
      const { left, ...rest } = node.type === "call" && ["name", "attribute"].includes(node.left.type) ? node : { ...node, left: node.left };
      Object.values(node.type === "call" && node.left.type === "name" ? rest : { ...rest, left }).forEach(look);
    };
    look(this.tree);
    return [...new Set(found.sort((a, b) => a[0] - b[0]).map(([, name]) => name))].filter((name) => !isWord(name) && !this.libraries.includes(name));
  }

  chain(node, depth, label) {
    const pending = [];
    let left = node;
    for (; left.type === "binary"; left = left.left) pending.push(left);
    pending.reverse();
    let parts = [this.read(left, depth, ROLES[pending[0].sign] ?? label)];
    for (const current of pending) {
      const right = this.read(current.right, depth, ROLES[current.sign] ?? label);
      if (current.sign === ">>") parts.push(right);
      else parts = [this.apply(current, this.joined(parts), right)];
    }
    return this.joined(parts);
  }

  joined(parts) {
    return parts.length === 1 ? parts[0] : FUNCTIONS.join(...parts);
  }

  apply(node, left, right) {
    if (!SIGNS[node.sign]) this.fail(node, "no such operator on schedules; use >> + - * / // % **");
    this.operand(node, left);
    this.operand(node, right);
    const value = operate(SIGNS[node.sign], [left, right]);
    return whole(value) && Math.abs(value) >= MAX_INTEGER ? this.fail(node, "the number is too large") : value;
  }

  operand(node, value) {
    return isOperand(value) ? value : this.fail(node, "operators take schedules and numbers");
  }

  call(node, depth) {
    const { left, args, words } = node;
    if (left.type === "attribute" && left.inner.type === "name") {
      const library = left.inner.name;
      refuse(this.libraries.includes(library) ? `${library}.${left.name}: dialects are read by Python; paste what it prints` : `no library of this name; there are ${this.libraries.join(", ")}`);
    }
    if (left.type !== "name") this.fail(node, "only names of schedules, numbers, lists, operators and slices are read");
    const maker = functionOf(left.name) ?? this.fail(node, this.unknown(left.name, true));
    const parameters = maker.parameters ?? [];
    const given = args.map((arg, place) => this.read(arg, depth, parameters[place] ?? left.name));
    const named = words.map(({ name, value }) => [name, this.read(value, depth, parameters.find(([key]) => key === name) ?? name)]);
    if (new Set(named.map(([name]) => name)).size < named.length || named.some(([name]) => name === null)) this.fail(node, "write each argument once and by its name");
    const value = this.bound(left.name, maker, given, named);
    return whole(value) && Math.abs(value) >= MAX_INTEGER ? this.fail(node, "the number is too large") : value;
  }

  bound(name, maker, given, named) {
    if (!maker.parameters) {
      if (named.length) refuse(`${name}() got an unexpected keyword argument '${named[0][0]}'`);
      return maker(...given);
    }
    const { parameters, positional } = maker;
    const usage = () => `${name}: ${"".concat(...arguments_)}; call it as ${name}(${signature(parameters, positional)})`;
    const arguments_ = [];
    const wrong = (text) => {
      arguments_.push(text);
      refuse(usage());
    };
    const keys = parameters.map(([key]) => key);
    for (const [key] of named) {
      if (!keys.includes(key)) {
        const near = close(key, keys);
        wrong(`got an unexpected keyword argument '${key}'${near ? `; did you mean ${near}?` : ""}`);
      }
    }
    if (given.length > positional) wrong("too many positional arguments");
    const values = parameters.map(([key, , standard], place) => {
      const word = named.find(([other]) => other === key);
      if (word && place < given.length) wrong(`multiple values for argument '${key}'`);
      return place < given.length ? given[place] : word ? word[1] : standard;
    });
    const missing = parameters.find((parameter, place) => parameter.length < 3 && values[place] === undefined);
    if (missing) wrong(`missing a required ${keys.indexOf(missing[0]) >= positional ? "keyword-only " : ""}argument: '${missing[0]}'`.replace("keyword-only ", ""));
    return maker(...values);
  }

  unknown(name, called = false) {
    if (name === "custom") return "a Python function has no text form; build custom(...) in Python";
    if (this.libraries.includes(name)) return `this is a library; call one of its schedules: ${name}.NAME(...)`;
    if (functionOf(name)) return [`this is a function; call it: ${name}(...)`, ...shapesLike(name)].join("; did you mean the shape ");
    const known = [...Object.keys(CONSTANTS), ...Object.keys(OPERATIONS), ...Object.keys(FUNCTIONS), ...Object.keys(MAKERS)];
    const near = MEANT[name]?.[0] ?? close(name, known);
    return `no schedule of this name${near ? `; did you mean ${near}?` : ""}`;
  }
}

function signature(parameters, positional) {
  const texts = parameters.map(([key, rule, standard], place) => `${place === positional ? "*, " : ""}${key}${parameters[place].length < 3 ? "" : `=${literal(standard, rule)}`}`);
  return texts.join(", ");
}

export function close(word, known) { // the likeliest of all, if it is like enough: the ratio of difflib
  const ratio = (a, b) => {
    const matched = (a1, a2, b1, b2) => {
      let [best, x, y] = [0, a1, b1];
      for (let i = a1; i < a2; i++) {
        for (let j = b1; j < b2; j++) {
          let k = 0;
          while (i + k < a2 && j + k < b2 && a[i + k] === b[j + k]) k++;
          if (k > best) [best, x, y] = [k, i, j];
        }
      }
      return best ? best + matched(a1, x, b1, y) + matched(x + best, a2, y + best, b2) : 0;
    };
    return (2 * matched(0, a.length, 0, b.length)) / (a.length + b.length);
  };
  const [score, found] = known.map((other) => [ratio(other, word), other]).reduce((a, b) => (b[0] > a[0] || (b[0] === a[0] && b[1] > a[1]) ? b : a), [0, ""]);
  return score >= 0.6 ? found : "";
}

export const parse = (text, libraries) => new Reader(text, libraries).schedule();
