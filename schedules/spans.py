"""What a schedule does between its knots: one smooth formula at a time, and which way it goes.

`walk` cuts a term into phases, along which no join changes part, no clip sets in and no floor jumps, so that on each
the term is one formula of t. Which way a formula goes is read off bounds of its slope over a whole interval, which is
halved until the slope has one sign there: no turn is missed between two samples.

Source: Moore 1966, Interval Analysis, chapters 3 and 4.
"""

import functools
import itertools
import math
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, cast

from .check import whole
from .core import Call, Constant, Join, Lift, Op, Schedule, Time, Warp, loose
from .curves import Recording
from .evaluate import Clock, Evaluator, active, on_numbers
from .formula import equation_of
from .ops import NUMBERS, bound

EVER = 2**53  # steps: no run is longer, and whole floats are exact up to here
ROUNDING = 1e-12  # of the terms that a slope is the sum of: less is what rounding left of nothing
LEVELS = 60  # of halving an interval whose slope has no one sign yet
FINE = 2.0**-30  # of an interval, to which a turn is located
MANY = 256  # intervals without a sign, beyond which it is rounding that has none

TIME = Time()


# -- phases ------------------------------------------------------------------------------------------


class Phase(NamedTuple):
    """A schedule from `start` up to `stop`, where it is one formula; `knot` tells whether another one begins there."""

    start: float
    stop: float
    formula: Schedule
    knot: bool

    def spans(self) -> "list[Span]":
        """Where the formula rises, falls or stays."""
        return directions(self.formula, self.start, self.stop)

    def limit(self, t: float) -> float:
        """The value that the formula tends to at t, from within the phase."""
        return value_at(self.formula, t)


def walk(s: Schedule, stop: float = math.inf) -> Iterator[Phase]:
    """The phases of s from step 0 up to `stop`, one after the other; a cycle has no end of them."""
    now = 0.0
    while now < stop:
        branch = Branch(s, now)
        formula = branch.fold(s, Clock(TIME, 0, math.inf))
        yield Phase(whole(now), min(branch.end, stop), formula, branch.knot and branch.end <= stop)
        now = branch.end


class Branch(Evaluator[Schedule]):
    """The fold that gives the formula of a term right after a time `now`, and the `end` up to which it holds."""

    def __init__(self, term: Schedule, now: float) -> None:
        super().__init__(term)
        self.now = now
        self.soon = now + 2 * ROUNDING * max(now, 1.0)
        self.end = math.inf
        self.knot = False
        self.seams = 0

    def evaluate(self, term: Schedule, time: Clock[Schedule]) -> Schedule:
        """The formula of a term; a curve with one equation is one formula, even if it is computed as two."""
        seam = isinstance(term, Call) and equation_of(term.maker) is not None
        self.seams += seam
        formula = super().evaluate(term, time)
        self.seams -= seam
        return formula

    def constant(self, value: float) -> Schedule:
        return loose(Constant, value)

    def lift(self, op: Op, args: list[Schedule]) -> Schedule:
        if not isinstance(op, str):
            return self.read(op, args[0])
        return _CHOICES[op](self, *args) if op in _CHOICES else applied(op, *args)

    def clip(self, time: Clock[Schedule], steps: float) -> Clock[Schedule]:
        edges = [0] * (time.low < 0) + [steps] * (time.high > steps)
        if not edges:
            return time
        below = self.side(time.value, edges)
        held = [self.constant(0)] * (time.low < 0) + [time.value] + [self.constant(steps)] * (time.high > steps)
        return time.held(held[below], steps)

    def join(self, term: Join, time: Clock[Schedule]) -> Schedule:
        index = max(self.side(time.value, term.knots, seam=self.seams > 0), 1) - 1
        knot, (start, end) = term.knots[index], term.span(index)
        local = applied("subtract", time.value, self.constant(knot)) if knot else time.value
        return self.fold(term.parts[index], Clock(local, max(time.low, start) - knot, min(time.high, end) - knot))

    def read(self, function: Callable[[Any], Any], x: Schedule) -> Schedule:
        """A Python function: known at whole steps, and taken to be straight in between, as a recording is."""
        if isinstance(x, Constant):
            return self.constant(float(function(x.value)))
        recorded = isinstance(function, Recording)
        first = self.turns(x, 1, seam=not recorded)
        value = float(function(first))
        slope = function.slope[first] if recorded else float(function(first + 1)) - value
        since = applied("subtract", x, self.constant(first))
        return applied("add", self.constant(value), applied("multiply", self.constant(float(slope)), since))

    def turns(self, x: Schedule, n: float, *, seam: bool = False) -> int:
        """``floor(x/n)``."""
        first = int(value_at(x, self.soon) // n)
        return first - 1 + self.side(x, [first * n, (first + 1) * n], seam=seam)

    def side(self, x: Schedule, edges: Sequence[float], *, seam: bool = False) -> int:
        """How many of the edges are at or below x right after now; the formula holds until x comes to the next."""
        count = bisect(edges, value_at(x, self.soon))
        heading, *further = directions(x, self.now, self.end)
        if further:
            self.stop(heading.stop, seam=True)
        if heading.direction and 0 <= count - (heading.direction < 0) < len(edges):
            edge = edges[count - (heading.direction < 0)]
            self.stop(crossing(x, edge, self.soon, self.end, heading.direction), seam=seam)
        return count

    def stop(self, end: float, *, seam: bool) -> None:
        """The formula holds up to `end` at most; what follows is another one, unless it is a seam."""
        end = max(end, self.soon)
        if end < self.end:
            self.end, self.knot = end, not seam
        elif end == self.end < math.inf:
            self.knot = self.knot or not seam


def _least(branch: Branch, a: Schedule, b: Schedule) -> Schedule:
    return b if branch.side(applied("subtract", a, b), [0]) else a


def _largest(branch: Branch, a: Schedule, b: Schedule) -> Schedule:
    return a if branch.side(applied("subtract", a, b), [0]) else b


def _absolute(branch: Branch, a: Schedule) -> Schedule:
    return a if branch.side(a, [0]) else applied("negative", a)


def _floor(branch: Branch, a: Schedule, b: Schedule) -> Schedule:
    if isinstance(b, Constant) and b.value > 0:
        return branch.constant(branch.turns(a, b.value))
    return branch.constant(branch.turns(applied("divide", a, b), 1))


def _rest(branch: Branch, a: Schedule, b: Schedule) -> Schedule:
    return applied("subtract", a, applied("multiply", _floor(branch, a, b), b))


_CHOICES: dict[str, Callable[..., Schedule]] = {
    "minimum": _least,
    "maximum": _largest,
    "abs": _absolute,
    "floor_divide": _floor,
    "remainder": _rest,
}
"""The operations that choose between formulas."""


def applied(op: str, *args: Schedule) -> Schedule:
    """An operation on formulas, as ``s(t)`` does it; on constants it is done."""
    if all(isinstance(arg, Constant) for arg in args):
        return loose(Constant, number(op, *(cast("Constant", arg).value for arg in args)))
    return loose(Lift, op, args)


def number(op: str, *args: float) -> float:
    """An operation on numbers; where Python raises, what IEEE 754 has."""
    try:
        return bound(op, NUMBERS)(*args)
    except (ArithmeticError, ValueError):
        return on_numbers(op, list(args))


def value_at(formula: Schedule, t: float) -> float:
    """The value of a formula at t, as ``s(t)`` computes it; at inf its limit, or its last value if none is known."""
    if t == math.inf:
        limit = image(formula, Range(t, t), {})
        return limit.low if limit.low == limit.high else value_at(formula, EVER)
    match formula:
        case Constant(value):
            return value
        case Lift(str(op), args):
            return number(op, *(value_at(arg, t) for arg in args))
        case _:
            return t


def crossing(x: Schedule, edge: float, a: float, b: float, direction: int) -> float:
    """The time in (a, b] at which x, which goes in one direction, comes to an edge; inf if it does not.

    But for rounding, it is a whole step, or b, where it is one of them.
    """

    def beyond(t: float) -> bool:
        return (value_at(x, t) - edge) * direction >= 0

    low, high = a, float(min(b, EVER))
    if not (low < high and beyond(high)):
        return math.inf
    if abs(value_at(x, high) - edge) <= ROUNDING * abs(value_at(x, low) - edge):
        return b
    constant, terms = linear(x)
    if terms.keys() == {TIME}:  # a straight line: the answer but for rounding
        guess = (edge - constant) / terms[TIME][0]
        for probe in (guess * (1 - ROUNDING), guess * (1 + ROUNDING)):
            if low < probe < high:
                low, high = (low, probe) if beyond(probe) else (probe, high)
    while low < (middle := (low + high) / 2) < high:
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return round(high) if abs(high - round(high)) <= ROUNDING * max(high, 1.0) else high


# -- which way a formula goes ------------------------------------------------------------------------


class Span(NamedTuple):
    """The times from `start` to `stop`, over which a schedule rises (1), falls (-1) or stays (0)."""

    start: float
    stop: float
    direction: int


def directions(formula: Schedule, a: float, b: float) -> list[Span]:
    """The spans of [a, b] over which a formula goes one way, in order."""
    found: list[Span] = []
    unknown = [(a, b)]
    for _ in range(LEVELS):
        halves: list[tuple[float, float]] = []
        for low, high in unknown:
            way = direction(formula, low, high)
            if way is not None:
                found.append(Span(low, high, way))
            elif high - low > FINE * (high - a) and low < EVER:
                middle = (low + high) / 2 if high < math.inf else 2 * low + 1
                halves += [(low, middle), (middle, high)]
        unknown = halves
        if not unknown or len(unknown) > MANY:
            break
    found += [Span(low, high, trend(formula, low, high)) for low, high in unknown]
    return merged(sorted(found), a, b) or [Span(a, b, trend(formula, a, b))]


def merged(spans: list[Span], a: float, b: float) -> list[Span]:
    """Spans as long as they can be, without gaps: a turn is in the middle of the gap that is left around it."""
    runs = [list(run) for _, run in itertools.groupby(spans, key=lambda span: span.direction)]
    gaps = [(before[-1].stop + after[0].start) / 2 for before, after in itertools.pairwise(runs)]
    edges = [a, *gaps, b]
    return [Span(edges[place], edges[place + 1], run[0].direction) for place, run in enumerate(runs)]


def trend(formula: Schedule, a: float, b: float) -> int:
    """Which way the ends of an interval point."""
    first, last = value_at(formula, a), value_at(formula, b)
    return 0 if abs(last - first) <= ROUNDING * max(abs(first), abs(last)) else 1 if last > first else -1


def direction(formula: Schedule, a: float, b: float) -> int | None:
    """The sign of the slope all over [a, b], but for rounding; None if the bounds do not tell."""
    bounds, gross = slope(formula, Range(a, b), {})
    rounding = ROUNDING * gross if gross < math.inf else 0.0
    rises, falls = bounds.low >= -rounding, bounds.high <= rounding
    return None if not (rises or falls) else 0 if rises and falls else 1 if rises else -1


# -- intervals ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Range:
    """All numbers from `low` to `high`."""

    low: float
    high: float

    def __add__(self, other: "Range") -> "Range":
        return _range((self.low + other.low,), (self.high + other.high,))

    def __sub__(self, other: "Range") -> "Range":
        return self + -other

    def __mul__(self, other: "Range") -> "Range":
        ends = [x * y if x and y else 0.0 for x in self.ends for y in other.ends]  # 0 * inf is 0: a bound, no value
        return Range(min(ends), max(ends))

    def __neg__(self) -> "Range":
        return Range(-self.high, -self.low)

    @property
    def ends(self) -> tuple[float, float]:
        """Both ends."""
        return self.low, self.high

    @property
    def size(self) -> float:
        """The largest magnitude in it."""
        return max(abs(self.low), abs(self.high))

    def has(self, x: float) -> bool:
        """Whether x is inside, not at an end."""
        return self.low < x < self.high

    def hull(self, *others: "Range") -> "Range":
        """What contains both."""
        ranges = (self, *others)
        return Range(min(each.low for each in ranges), max(each.high for each in ranges))


EVERYTHING = Range(-math.inf, math.inf)


def _range(lows: tuple[float, ...], highs: tuple[float, ...]) -> Range:
    """From the least to the largest; what is undefined, as ``inf - inf``, may be anything."""
    if any(map(math.isnan, (*lows, *highs))):
        return EVERYTHING
    return Range(min(lows), max(highs))


def _point(value: float) -> Range:
    return Range(value, value)


def _positive(x: Range) -> Range:
    return Range(max(x.low, 0.0), max(x.high, 0.0))


def _corners(op: str) -> Callable[..., Range]:
    """The image under an operation that is monotone in each argument."""

    def corners(*args: Range) -> Range:
        found = tuple(number(op, *ends) for ends in itertools.product(*(arg.ends for arg in args)))
        return _range(found, found)

    return corners


def _above(low: float, op: str) -> Callable[[Range], Range]:
    """The image under an increasing operation of the numbers from `low` on."""
    return lambda x: _corners(op)(Range(max(x.low, low), max(x.high, low)))


def _square(x: Range) -> Range:
    return Range(0.0, x.size**2) if x.has(0) else _corners("square")(x)


def _inverse(x: Range) -> Range:
    return EVERYTHING if x.has(0) else Range(1 / x.high if x.high else -math.inf, 1 / x.low if x.low else math.inf)


def _divide(x: Range, y: Range) -> Range:
    return x * _inverse(y)


def _power(x: Range, y: Range) -> Range:
    if x.low < 0 and y.low < y.high:  # whole exponents, odd and even
        most = _corners("pow")(_point(x.size), y).high
        return Range(-most, most)
    return _corners("pow")(x, y).hull(*(_corners("pow")(_point(0.0), y) for _ in range(x.has(0))))


def _geometric(base: Range, t: Range, n: Range) -> Range:
    return _power(base, _divide(t, n))


def _cosine(x: Range) -> Range:
    """A maximum at every even multiple of pi, a minimum at every odd one."""
    if not (math.isfinite(x.low) and math.isfinite(x.high)):
        return Range(-1.0, 1.0)
    turns = range(math.ceil(x.low / math.pi), min(math.floor(x.high / math.pi), math.ceil(x.low / math.pi) + 1) + 1)
    found = (*map(math.cos, x.ends), *(-1.0 if turn % 2 else 1.0 for turn in turns))
    return Range(min(found), max(found))


def _sine(x: Range) -> Range:
    quarter = math.pi / 2
    if x.low >= 0 and x.high <= quarter:  # where curves are, with the ends that they have
        return _corners("sin")(x)
    return _cosine(Range(x.low - quarter, x.high - quarter))


def _floors(x: Range, y: Range) -> Range:
    quotient = _divide(x, y)
    return Range(*(math.floor(end) if math.isfinite(end) else end for end in quotient.ends))


def _remainder(x: Range, y: Range) -> Range:
    turns = _floors(x, y)
    once = turns.low == turns.high and y.low == y.high
    return x + y * -turns if once else Range(min(y.low, 0.0), max(y.high, 0.0))


def _abs(x: Range) -> Range:
    return Range(0.0, x.size) if x.has(0) else _corners("abs")(x)


IMAGES: dict[str, Callable[..., Range]] = {
    "add": Range.__add__,
    "subtract": Range.__sub__,
    "negative": Range.__neg__,
    "multiply": Range.__mul__,
    "divide": _divide,
    "square": _square,
    "pow": _power,
    "geometric": _geometric,
    "sin": _sine,
    "cos": _cosine,
    "tanh": _corners("tanh"),
    "exp": _corners("exp"),
    "expm1": _corners("expm1"),
    "log": _above(0.0, "log"),
    "log1p": _above(-1.0, "log1p"),
    "sqrt": _above(0.0, "sqrt"),
    "minimum": _corners("minimum"),
    "maximum": _corners("maximum"),
    "abs": _abs,
    "floor_divide": _floors,
    "remainder": _remainder,
}
"""What an operation makes of intervals."""

_ONE = _point(1.0)


Slopes: TypeAlias = Callable[[Range, Sequence[Range]], tuple[Range, ...]]


def _power_slopes(value: Range, args: Sequence[Range]) -> tuple[Range, ...]:
    x, y = args
    return y * _power(x, y - _ONE), value * _above(0.0, "log")(x)


def _geometric_slopes(value: Range, args: Sequence[Range]) -> tuple[Range, ...]:
    base, _, n = args
    return EVERYTHING, _divide(value * _above(0.0, "log")(base), n), EVERYTHING


SLOPES: dict[str, Slopes] = {
    "multiply": lambda _, args: (args[1], args[0]),
    "divide": lambda value, args: (_inverse(args[1]), -_divide(value, args[1])),
    "square": lambda _, args: (args[0] + args[0],),
    "pow": _power_slopes,
    "geometric": _geometric_slopes,
    "sin": lambda _, args: (_cosine(args[0]),),
    "cos": lambda _, args: (-_sine(args[0]),),
    "tanh": lambda value, _: (_ONE - _square(value),),
    "exp": lambda value, _: (value,),
    "expm1": lambda value, _: (value + _ONE,),
    "log": lambda _, args: (_inverse(_positive(args[0])),),
    "log1p": lambda _, args: (_inverse(_positive(args[0] + _ONE)),),
    "sqrt": lambda value, _: (_inverse(value + value),),
}
"""The slopes of an operation in each argument, given its own image and those of the arguments."""


Terms: TypeAlias = dict[Schedule, tuple[float, float]]
Memo: TypeAlias = dict[int, Any]


@functools.lru_cache(maxsize=4096)
def linear(formula: Schedule) -> tuple[float, Terms]:
    """A formula as ``constant + sum of factor * term``: each term with its factor, and what that is the sum of.

    What is the same term is counted once, so that ``a * f + b * (1 - f)`` is ``b + (a - b) * f``.
    """
    match formula:
        case Constant(value):
            return value, {}
        case Lift("add", (a, b)):
            return _sum(a, b, 1)
        case Lift("subtract", (a, b)):
            return _sum(a, b, -1)
        case Lift("negative", (a,)):
            return _times(a, -1)
        case Lift("multiply", (Constant(value), a)) | Lift("multiply", (a, Constant(value))):
            return _times(a, value)
        case Lift("divide", (a, Constant(value))) if value:
            return _times(a, 1 / value)
        case _:
            return 0.0, {formula: (1.0, 1.0)}


def _sum(a: Schedule, b: Schedule, sign: int) -> tuple[float, Terms]:
    (first, terms), (second, others) = linear(a), _times(b, sign)
    both = dict(terms)
    for term, (factor, gross) in others.items():
        known, sum_of = both.get(term, (0.0, 0.0))
        both[term] = known + factor, sum_of + gross
    return first + second, both


def _times(a: Schedule, value: float) -> tuple[float, Terms]:
    constant, terms = linear(a)
    scaled = {term: (factor * value, gross * abs(value)) for term, (factor, gross) in terms.items()}
    return constant * value, scaled


def image(formula: Schedule, x: Range, memo: Memo) -> Range:
    """Bounds of a formula over all times in x."""
    constant, terms = linear(formula)
    found = _point(constant)
    for term, (factor, _) in terms.items():
        found += _image_of(term, x, memo) * _point(factor)
    return found


def _image_of(term: Schedule, x: Range, memo: Memo) -> Range:
    if not isinstance(term, Lift):
        return x
    if id(term) not in memo:
        memo[id(term)] = IMAGES[cast("str", term.op)](*(image(arg, x, memo) for arg in term.args))
        bounds, _ = _slope_of(term, x, memo) if x.high < math.inf else (EVERYTHING, 0.0)
        if not bounds.has(0):  # it goes one way: from one end to the other
            ends = [value_at(term, t) for t in x.ends]
            memo[id(term)] = _range((min(ends),), (max(ends),))
    return memo[id(term)]


def slope(formula: Schedule, x: Range, memo: Memo) -> tuple[Range, float]:
    """Bounds of the slope of a formula over all times in x, and the size of what they are the sum of."""
    _, terms = linear(formula)
    found, size = _point(0.0), 0.0
    for term, (factor, gross) in terms.items():
        bounds, inner = _slope_of(term, x, memo)
        found += bounds * _point(factor)
        size += inner * gross if inner and gross else 0.0
    return found, size


def _slope_of(term: Schedule, x: Range, memo: Memo) -> tuple[Range, float]:
    if not isinstance(term, Lift):
        return _ONE, 1.0
    if -id(term) not in memo:
        images = [image(arg, x, memo) for arg in term.args]
        value = IMAGES[cast("str", term.op)](*images)
        found, size = _point(0.0), 0.0
        for arg, partial in zip(term.args, SLOPES[cast("str", term.op)](value, images), strict=True):
            inner, gross = slope(arg, x, memo)
            found += partial * inner
            size += partial.size * gross if partial.size and gross else 0.0
        memo[-id(term)] = found, size
    return memo[-id(term)]


# -- what is still to come ---------------------------------------------------------------------------


def reached(s: Schedule, phases: Iterable[Phase]) -> Range:
    """From the least to the largest value that phases of s reach, or tend to; a reversed jump has one of its own."""
    values: list[float] = []
    for phase in phases:
        values.append(s(phase.start))
        values += [phase.limit(t) for span in phase.spans() for t in (span.start, span.stop)]
    return _range(tuple(values), tuple(values))


def extent(s: Schedule, start: float, stop: float = math.inf) -> Range:
    """Bounds of s over all times from `start` to `stop`, however many phases it has there."""
    time = Range(start, stop)
    return Extent(s).fold(s, Clock(time, start, stop))


class Extent(Evaluator[Range]):
    """The fold that bounds a term over a whole interval of times."""

    def evaluate(self, term: Schedule, time: Clock[Range]) -> Range:
        match term:
            case Warp(inner, Lift("remainder", (Time(), Constant(period)))) if _covers(time.value, period):
                return reached(inner, walk(inner, period))
            case Lift() if smooth(term):
                return image(term, self.clip(time, math.inf).value, {})
            case _:
                return super().evaluate(term, time)

    def constant(self, value: float) -> Range:
        return _point(value)

    def lift(self, op: Op, args: list[Range]) -> Range:
        return IMAGES[op](*args) if isinstance(op, str) else EVERYTHING

    def clip(self, time: Clock[Range], steps: float) -> Clock[Range]:
        low, high = (min(max(end, 0), steps) for end in time.value.ends)
        return Clock(Range(low, high), low, high)

    def join(self, term: Join, time: Clock[Range]) -> Range:
        found: list[Range] = []
        for index, low, high in active(term, *time.value.ends):
            found.append(self.fold(term.parts[index], Clock(Range(low, high), low, high)))
        return found[0].hull(*found)


def _covers(time: Range, period: float) -> bool:
    return time.high - time.low >= period


def smooth(term: Schedule) -> bool:
    """Whether a term is one formula, with a slope everywhere."""
    match term:
        case Lift(op, args):
            return (op in SLOPES or op in _LINEAR) and all(map(smooth, args))
        case _:
            return isinstance(term, Constant | Time)


_LINEAR = frozenset(("add", "subtract", "negative"))
