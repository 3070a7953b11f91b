"""Spaces of expressions to search: a text in which some numbers, or whole parts, are draws.

``uniform(a, b)``, ``loguniform(a, b)`` and ``randint(a, b)`` stand for a number from a to b, both ends among them, and
``choice(x, y, ...)`` for one of what it lists: numbers, shapes, or whole schedules with draws of their own. All else is
read as `schedules.parse` reads it. What draws is up to others: a seed, a grid, Optuna, Ray Tune, Hydra, W&B.
"""

import ast
import functools
import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

import numpy as np

from .algebra.checks import Count, Kind, accept, choice, demand, extra_module, integer, number
from .algebra.named import MAKERS
from .algebra.nodes import Schedule
from .text.expression import Reader, named_values
from .theory import MultiPowerLaw, best_scale

KINDS = ("uniform", "loguniform", "randint", "choice")
NEWTON = 8  # steps to the numbers that make a schedule


@dataclass(frozen=True)
class Draw:
    """A number or a choice that a search makes; `when` are the names and options of choices under which it is made."""

    name: str
    kind: str
    low: float = 0
    high: float = 0
    options: tuple[str, ...] = ()
    when: tuple[tuple[str, str], ...] = ()

    @property
    def ends(self) -> tuple[float, ...]:
        """The lowest and the highest value, of numbers that vary."""
        return (self.low, self.high) if self.low < self.high else ()

    @property
    def span(self) -> tuple[float, float]:
        """The lowest value, and where the range ends as Python and the engines count: a whole number is below it."""
        return self.low, self.high + (self.kind == "randint")

    def at(self, share: float) -> Any:
        """The value at a share of the way from the lowest to the highest."""
        if self.kind == "loguniform":
            return min(max(self.low * (self.high / self.low) ** share, self.low), self.high)
        if self.kind == "uniform":
            return self.low + share * (self.high - self.low)
        values = self.options or range(int(self.low), int(self.high) + 1)
        return values[min(int(share * len(values)), len(values) - 1)]

    def points(self, count: int) -> list[Any]:
        """So many values, evenly spaced and both ends among them; all, if there are fewer."""
        return list(dict.fromkeys(self.options or map(self.at, np.linspace(0, 1, count).tolist())))

    def accepted(self, value: Any) -> Any:
        """A value that an engine gave, if it is one of this draw's."""
        if self.options:
            return choice(*self.options)("Space", self.name, value)
        wants = f"this is from {self.low} to {self.high}"
        found = Kind(wants, integer if self.kind == "randint" else number)("Space", self.name, value)
        demand(self.low <= found <= self.high, "Space", self.name, value, wants)
        return found if self.kind == "randint" else float(found)


class Space:
    """``{parse(text) for every value of its draws}``.

    Each draw has a name: its place in the text, such as ``1.wsd.peak``, or what ``name="peak"`` in it says. Draws of
    one given name are one draw. `draws` holds them by their names, in the order of the text.

    Args:
        text: an expression with draws in it.
        names: what other names in it stand for, as in `schedules.parse`.

    Raises:
        ScheduleError: with the position of the fault; also if a part that might be chosen cannot be read.

    >>> space = Space("choice(cosine(peak, 0, steps), wsd(peak, steps, warmup=0, cooldown=uniform(0.1, 0.5) * steps))",
    ...     peak=0.1, steps=100)
    >>> list(space.draws)
    ['choice', '1.wsd.cooldown']
    >>> list(space.grid(2))
    [cosine(0.1, 0.0, 100), wsd(0.1, 100, warmup=0, cooldown=10), wsd(0.1, 100, warmup=0, cooldown=50)]
    """

    def __init__(self, text: str, /, **names: Any) -> None:
        self.text, self.names = text, named_values(names)
        self.draws: dict[str, Draw] = {}
        self._places = dict(_named(Reader(text, self.names).tree))
        pending: list[dict[str, str]] = [{}]
        for forced in pending:  # every part that may be chosen is read once

            def decide(draw: Draw, forced: dict[str, str] = forced) -> Any:
                new = self.draws.setdefault(draw.name, draw) is draw
                pending.extend(dict(draw.when) | {draw.name: option} for option in draw.options[1:] if new)
                return forced.get(draw.name, draw.at(0))

            self._read(decide)

    def __repr__(self) -> str:
        return f"Space({', '.join([repr(self.text), *(f'{name}={value!r}' for name, value in self.names.items())])})"

    def __reduce__(self) -> Any:
        return functools.partial(Space, self.text, **self.names), ()

    def sample(self, seed: int) -> Schedule:
        """A random schedule, the same for the same seed."""
        random = np.random.default_rng(seed)
        return self._read(lambda draw: draw.at(random.random()))

    def grid(self, count: int) -> Iterator[Schedule]:
        """Every choice, with `count` values of each number from end to end, in all combinations that there are."""
        count = accept(Count, "grid", "count", count)
        return (self._read(made.__getitem__) for made in self._combinations(lambda draw: draw.points(count), {}))

    def fill(self, config: Mapping[str, Any]) -> Schedule:
        """The schedule of a configuration that an engine chose: values by the names of the draws, nested or not.

        Raises:
            ScheduleError: a value is missing under its choices, or is none of its draw's.

        >>> Space("cosine(loguniform(1e-5, 1e-2), 0, 100)").fill({"cosine": {"start": 1e-3}})
        cosine(0.001, 0.0, 100)
        """
        known = _flat(config)
        known |= {name.removeprefix("_"): value for name, value in known.items()}

        def decide(draw: Draw) -> Any:
            demand(draw.name in known, "fill", "config", config, f"it has no {draw.name}, a {draw.kind}")
            return draw.accepted(known[draw.name])

        return self._read(decide)

    def suggest(self, trial: Any) -> Schedule:
        """The schedule of an ``optuna.Trial``, which keeps its text as the user attribute ``schedule``.

        >>> import optuna
        >>> Space("cosine(loguniform(1e-5, 1e-2), 0, 100)").suggest(optuna.trial.FixedTrial({"cosine.start": 1e-3}))
        cosine(0.001, 0.0, 100)
        """

        def decide(draw: Draw) -> Any:
            if draw.options:
                return trial.suggest_categorical(draw.name, draw.options)
            if draw.kind == "randint":
                return trial.suggest_int(draw.name, draw.low, draw.high)
            return trial.suggest_float(draw.name, draw.low, draw.high, log=draw.kind == "loguniform")

        s = self._read(decide)
        trial.set_user_attr("schedule", repr(s))
        return s

    def ray(self) -> dict[str, Any]:
        """The search space for Ray Tune, by the names of the draws; `fill` makes a schedule of what it chooses."""
        tune = extra_module("ray.tune", "search")
        given = {name: (list(draw.options),) if draw.options else draw.span for name, draw in self.draws.items()}
        return {name: getattr(tune, draw.kind)(*given[name]) for name, draw in self.draws.items()}

    def wandb(self) -> dict[str, dict[str, Any]]:
        """The ``parameters`` of a W&B sweep, whose names begin with a letter or a line: ``_1.wsd.peak``.

        >>> Space("cosine(loguniform(1e-5, 1e-2), 0, 100)").wandb()
        {'cosine.start': {'distribution': 'log_uniform_values', 'min': 1e-05, 'max': 0.01}}
        """
        how = {"uniform": "uniform", "loguniform": "log_uniform_values", "randint": "int_uniform"}

        def told(draw: Draw) -> dict[str, Any]:
            numbers = {"distribution": how.get(draw.kind), "min": draw.low, "max": draw.high}
            return {"values": list(draw.options)} if draw.options else numbers

        return {f"{'_' * name[:1].isdigit()}{name}": told(draw) for name, draw in self.draws.items()}

    def hydra(self) -> dict[str, str]:
        """The ``hydra.sweeper.params`` of a Hydra sweep, for its Optuna, Ax or Nevergrad sweeper.

        >>> Space("cosine(loguniform(1e-5, 1e-2), 0, randint(10, 90))").hydra()
        {'cosine.start': 'tag(log, interval(1e-05, 0.01))', 'cosine.steps': 'range(10, 91)'}
        """
        how = {"uniform": "interval({})", "loguniform": "tag(log, interval({}))", "randint": "range({})"}
        given = {name: ", ".join(map(str, draw.options or draw.span)) for name, draw in self.draws.items()}
        return {name: how.get(draw.kind, "choice({})").format(given[name]) for name, draw in self.draws.items()}

    def contains(self, s: Schedule) -> bool:
        """Whether some values of the draws make s, to nine digits.

        >>> space = Space("wsd(0.1, 100, warmup=0, cooldown=uniform(0.1, 0.5) * 100)")
        >>> space.contains(space.sample(0)), space.contains(space.fill({"wsd.cooldown": 0.5})[:50])
        (True, False)
        """
        goal = _parted(s)
        return any(self._reaches(goal, start) for start in self._starts())

    def _read(self, decide: Callable[[Draw], Any]) -> Schedule:
        """The schedule that the text writes, where `decide` draws, once for each name."""
        above: list[tuple[str, str]] = []
        made: dict[str, Any] = {}

        def word(reader: Reader, node: ast.Call, depth: int) -> Any:
            draw = self._draw(reader, node, depth, tuple(above))
            value = made[draw.name] = made[draw.name] if draw.name in made else decide(draw)
            if not draw.options:
                return value
            above.append((draw.name, value))
            found = reader.read(node.args[draw.options.index(value)], depth)
            above.pop()
            return found

        return Reader(self.text, self.names, dict.fromkeys(KINDS, word)).schedule()

    def _draw(self, reader: Reader, node: ast.Call, depth: int, when: tuple[tuple[str, str], ...]) -> Draw:
        """The draw that a call writes."""
        kind = ast.unparse(node.func)
        words = {word.arg: reader.read(word.value, depth) for word in node.keywords}
        name = words.pop("name", self._places[node.col_offset])
        if words or not isinstance(name, str):
            reader.fail(node, f"{kind} takes name='...' and nothing else by name")
        if kind != "choice":
            draw = Draw(name, kind, *self._ends(reader, node, kind, depth), when=when)
        elif node.args:
            draw = Draw(name, kind, options=_labels(node.args), when=when)
        else:
            reader.fail(node, "list what to choose from")
        if replace(self.draws.get(name, draw), when=when) != draw:
            reader.fail(node, f"another draw has the name {name!r}; give this one its own by name='...'")
        return draw

    def _ends(self, reader: Reader, node: ast.Call, kind: str, depth: int) -> tuple[float, float]:
        """The lowest and the highest value of a draw of numbers."""
        if any(getattr(inner, "id", None) in KINDS for inner in ast.walk(ast.Tuple(node.args))):
            reader.fail(node, "a draw has no draws for its ends")
        ends = [reader.read(arg, depth) for arg in node.args]
        try:
            low, high = map(integer if kind == "randint" else number, ends)
        except (TypeError, ValueError):
            reader.fail(node, f"write {kind}(low, high), with {'whole ' * (kind == 'randint')}numbers")
        if not (-math.inf < low <= high < math.inf) or (kind == "loguniform" and low <= 0):
            reader.fail(node, f"{low} to {high} is no range{'; it begins above 0' * (kind == 'loguniform')}")
        return low, high

    def _combinations(self, points: Callable[[Draw], Any], known: dict[Draw, Any]) -> Iterator[dict[Draw, Any]]:
        """These values of the draws in every combination that is made: the last draw turns first."""
        new: list[Draw] = []

        def decide(draw: Draw) -> Any:
            if draw not in known:
                new.append(draw)
            return known[draw] if draw in known else points(draw)[0]

        self._read(decide)
        if not new:
            yield known
        for value in points(new[0]) if new else ():
            yield from self._combinations(points, {**known, new[0]: value})

    def _written(self, made: dict[Draw, Any]) -> tuple[Any, list[float]]:
        """The form and the numbers of the schedule that these values of the draws make; no form where there is none."""
        try:
            return _parted(self._read(made.__getitem__))
        except ValueError:
            return None, []

    def _starts(self) -> Iterator[dict[Draw, Any]]:
        """For every choice, each number in its middle, or at an end where the schedule has another form."""
        for middle in self._combinations(lambda draw: draw.options or [draw.at(0.5)], {}):
            usual = self._written(middle)[0]
            places = [
                [middle[draw], *(end for end in draw.ends if self._written({**middle, draw: end})[0] != usual)]
                for draw in middle
            ]
            yield from (dict(zip(middle, values, strict=True)) for values in itertools.product(*places))

    def _reaches(self, goal: tuple[Any, list[float]], start: dict[Draw, Any]) -> bool:
        """Whether the goal is made where numbers leave the middle: by Newton's method, as they hardly bend."""
        free = [draw for draw in start if draw.ends and start[draw] == draw.at(0.5)]
        low, high, x = np.array([(*draw.ends, start[draw]) for draw in free], dtype=float).reshape(-1, 3).T
        whole = np.array([draw.kind == "randint" for draw in free], dtype=bool)
        steps = np.where(whole, 1.0, 1e-3 * (high - low))

        def written(x: np.ndarray) -> tuple[Any, list[float]]:
            numbers = np.where(whole, np.round(x), x).tolist()
            return self._written({**start, **dict(zip(free, numbers, strict=True))})

        def moved(step: np.ndarray) -> np.ndarray:
            """How a step changes the numbers: seen ahead or behind, where the form stays; not at all if it does not."""
            seen = ((way, *written(x + way * step)) for way in (1, -1))
            return next((np.subtract(there, now) * way for way, same, there in seen if same == form), 0 * np.array(now))

        for _ in range(NEWTON):
            form, now = written(x)
            close = form == goal[0] and bool(np.isclose(now, goal[1], rtol=1e-9, atol=0).all())
            if close or form != goal[0] or not free:
                return close
            changes = np.stack(list(map(moved, np.diag(steps))), 1)
            x = np.clip(x + steps * np.linalg.lstsq(changes, np.subtract(goal[1], now))[0], low, high)
            x = np.where(x - low < 1e-14 * (high - low), low, x)  # where it may be exactly 0
        return False


class Candidate(NamedTuple):
    """A schedule, and what is predicted of it: less is better."""

    schedule: Schedule
    score: float


def screen(
    space: Space, count: int, *, law: MultiPowerLaw | None = None, warmup: int = 0, best: int = 10, seed: int = 0
) -> list[Candidate]:
    """The best of `count` samples, before any training: least in predicted loss, or in the bound at its best scale.

    Args:
        space: what to draw from.
        count: how many schedules to draw.
        law: predicts their last losses; None means the bound of the last iterate, which looks at shapes only.
        warmup: how many updates are warm-up, for the law.
        best: how many to keep, the best first.
        seed: of the first sample; the others have the next ones.

    Raises:
        ScheduleError: a sample is endless, or has a value below 0.

    >>> space = Space("wsd(1.0, 1_000, warmup=0, cooldown=1_000, shape=choice(cosine, linear, one_minus_sqrt))")
    >>> screen(space, 9, best=1)[0].schedule
    wsd(1.0, 1000, warmup=0, cooldown=1000)
    """

    def score(s: Schedule) -> float:
        return law.predict(s, math.ceil(s.steps) - 1, warmup=warmup) if law else best_scale(s).bound

    seeds = range(seed, seed + accept(Count, "screen", "count", count))
    found = [Candidate(s, score(s)) for s in dict.fromkeys(map(space.sample, seeds))]
    return sorted(found, key=lambda one: one.score)[:best]


def _flat(config: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """The values of a configuration by dotted names."""
    known: dict[str, Any] = {}
    for key, value in config.items():
        nested = isinstance(value, Mapping)
        known |= _flat(cast("Mapping[str, Any]", value), f"{above}{key}.") if nested else {f"{above}{key}": value}
    return known


def _named(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The draws in a text, by the character where they begin, with names of their places, each its own."""
    seen: Counter[str] = Counter()

    def places(node: ast.AST, above: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
        children = [(above, child) for child in ast.iter_child_nodes(node)]
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in KINDS:
                yield node.col_offset, above or (name,)
            inside = above if name in KINDS else (*above, name)
            words = [*(MAKERS[name].defaults if name in MAKERS else ()), *map(str, range(len(node.args)))]
            children = [((*inside, word), arg) for word, arg in zip(words, node.args, strict=False)]
            children += [((*inside, str(word.arg)), word.value) for word in node.keywords]
        for inner, child in children:
            yield from places(child, inner)

    for offset, place in places(tree, ()):
        name = ".".join(place)
        seen[name] += 1
        yield offset, name if seen[name] == 1 else f"{name}_{seen[name]}"


def _labels(args: list[ast.expr]) -> tuple[str, ...]:
    """Short texts for what may be chosen: the names of calls, if they differ, or else places."""
    texts = [ast.unparse(arg.func if isinstance(arg, ast.Call) else arg) for arg in args]
    return tuple(texts) if len(set(texts)) == len(texts) else tuple(map(str, range(len(texts))))


def _parted(value: Any) -> tuple[Any, list[float]]:
    """What a schedule is made of, all the way down, without its numbers; and these."""
    if isinstance(value, Schedule | tuple):
        fields: tuple[Any, ...] = (type(value), *value.fields) if isinstance(value, Schedule) else cast("Any", value)
        parts = [_parted(field) for field in fields]
        return [form for form, _ in parts], [number for _, numbers in parts for number in numbers]
    varies = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return (float, [value]) if varies else (value, [])
