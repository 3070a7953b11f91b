"""Small mutants of our own files, and whether the tests notice them: ``python tests/mutants.py [FILES] [--count 40]``.

A mutant is a file with one comparison flipped, one operation turned, one constant off by one, or one statement removed.
No file on disk changes. The tests are collected once; for each mutant a fork of that run gives the functions of the
file their mutated code and runs tests, the quickest first, in three rounds that a mutant goes through while nothing
notices it:

- the file's own tests, with few examples a law, as far as they take some seconds;
- all tests that call the mutated function, with few examples, as far as they take `--seconds`;
- their laws again, with all examples.

With ``--anew`` forks read the mutant in place of the file and collect the tests again: slower, and free of all that was
computed before the change. Only they notice what is run at import alone, and only they run the tests that start JAX:
use it, with ``--retry``, for what is left.

Which tests call a function is asked once, by running each test file (again, when it changes). What is found is added,
line by line, to ``build/mutants/found.jsonl``, so that a run which was cut off goes on where it was. A mutant that
nothing notices is a test that is missing; one that provably changes nothing is named in ``tests/mutants.txt``, with the
reason. A test that takes much longer than it did, or never ends, has noticed it too.

No tool fits: those that are well kept want the tests to run in one room of one package, without links between folders.
"""

import argparse
import ast
import builtins
import contextlib
import copy
import functools
import gc
import importlib
import importlib.machinery
import itertools
import json
import os
import random
import resource
import select
import signal
import sys
import time
import types
import warnings
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MADE = ROOT / "build" / "mutants"
FEW = 12  # examples of a law at first; some tests take a twelfth of what the profile has
NEAR = 5  # seconds of a file's own tests
SLOW = 3, 40  # a mutant that makes the tests so much slower, and by so many seconds (a library starts), is noticed

FILES = sorted(
    str(path.relative_to(ROOT))
    for room in ("algebra", "evaluate", "library", "analysis", "text")
    for path in (ROOT / "schedules" / room).glob("*.py")
    if path.name != "__init__.py"
) + [f"adapters/{name}.py" for name in ("functions", "optax", "param_groups", "torch")]

TESTS = [
    str(path.relative_to(ROOT))
    for room in ("algebra", "analysis", "text", "library", "evaluate", "adapters", "faces")
    for path in sorted((ROOT / "tests" / room).glob("test_*.py"))
    if room != "adapters" or path.name.startswith(("test_torch", "test_optax", "test_numpy"))
    if room != "faces" or path.name == "test_module.py"  # which runs what is generated
    if path.name not in ("test_peers_live.py", "test_accuracy.py")  # one downloads its peers, one takes minutes
]

OWN = {  # the tests that know most of a room
    "adapters/": ("adapters/test_torch", "adapters/test_optax"),
    "schedules/algebra/": ("algebra/test_bad", "algebra/test_terms", "algebra/test_laws", "algebra/test_sharing"),
    "schedules/evaluate/": ("evaluate/", "algebra/test_laws"),
    "schedules/library/": ("library/", "algebra/test_bad", "algebra/test_laws"),
    "schedules/analysis/": ("analysis/",),
    "schedules/text/": ("text/", "faces/test_module"),
    "schedules/library/plateau.py": ("adapters/test_torch_plateau", "adapters/test_optax"),
}

FLIPPED = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.USub: ast.UAdd,
}


# -- mutants ---------------------------------------------------------------------------------------------


def change(node):
    """What can be changed in a node: a function that does it, or None."""
    match node:
        case ast.Compare(ops=[op, *_]) if type(op) in FLIPPED:
            return lambda n: n.ops.__setitem__(0, FLIPPED[type(n.ops[0])]())
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.UnaryOp(op=op) if type(op) in FLIPPED:
            return lambda n: setattr(n, "op", FLIPPED[type(n.op)]())
        case ast.Constant(bool(value)):
            return lambda n: setattr(n, "value", not value)
        case ast.Constant(int(value) | float(value)):
            return lambda n: setattr(n, "value", value + 1)
        case ast.Assign() | ast.AugAssign() | ast.If() | ast.Expr() if not is_text(node):
            return lambda n: setattr(n, "__class__", ast.Pass)
    return None


def is_text(node):
    """Whether a statement is a docstring, or the dots of an abstract method."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def parents_of(tree):
    """The parent of each node but the first."""
    return {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}


def scope_of(node, parents):
    """The qualified name of the function in whose body a node stands, or <module>."""
    names = []
    while node in parents:
        above = parents[node]
        if isinstance(above, ast.FunctionDef) and node in above.body:
            names += ["<locals>", above.name]
        elif isinstance(above, ast.ClassDef):
            names.append(above.name)
        node = above
    return ".".join(names[:0:-1]) if "<locals>" in names[:1] else "<module>"


def is_still(node, parents):
    """Whether a node stands where it does nothing: in an annotation, or as what zip is told to insist on."""
    while node in parents:
        above = parents[node]
        if node in (getattr(above, "annotation", None), getattr(above, "returns", None)):
            return True
        if isinstance(above, ast.keyword) and above.arg == "strict":
            return True
        node = above
    return False


def brief(node):
    """The text of a node, on one line."""
    return " ".join(ast.unparse(node).split())[:160]


def mutants_of(file, count, seed):
    """Mutants that lie evenly in a file: of each the name, the function it stands in, the line and the new tree.

    The first of more are those of fewer.
    """
    tree = ast.parse((ROOT / file).read_text())
    nodes, parents = list(ast.walk(tree)), parents_of(tree)
    places = [place for place, node in enumerate(nodes) if change(node) and not is_still(node, parents)]
    places = [p for p in places if not (isinstance(nodes[p], ast.stmt) and scope_of(nodes[p], parents) == "<module>")]
    places.sort(key=lambda place: (nodes[place].lineno, nodes[place].col_offset))
    start, chosen = random.Random(f"{seed} {file}").random(), {}  # noqa: S311 -- a sample
    turn = 0
    while len(chosen) < min(count, len(places)):
        chosen[places[int((start + turn * 0.6180339887498949) % 1 * len(places))]] = None
        turn += 1
    names = Counter()
    for place in sorted(chosen, key=places.index):
        other = copy.deepcopy(tree)
        above = nodes.index(parents[nodes[place]])
        shown = above if isinstance(nodes[above], ast.expr) and len(ast.unparse(nodes[above])) < 100 else place
        changed = list(ast.walk(other))
        change(changed[place])(changed[place])
        scope = scope_of(nodes[place], parents)
        name = f"{file} {scope}: {brief(nodes[shown])} -> {brief(changed[shown])}"
        names[name] += 1
        name += f" ({names[name]})" if names[name] > 1 else ""
        yield list(chosen).index(place), name, scope, nodes[place].lineno, ast.fix_missing_locations(other)


# -- runs of tests ---------------------------------------------------------------------------------------


def brief_settings(usual, examples):
    """Settings for so many examples of a law, which shrink nothing: nobody reads it."""
    from hypothesis import Phase, settings

    return settings(usual, max_examples=examples, phases=(Phase.explicit, Phase.generate))


class Chosen:
    """The plugin of a run: chosen tests in their order, with so many examples; tells what fails, or what ran."""

    def __init__(self, tests, examples, tell):
        self.order = tests and {test: place for place, test in enumerate(tests)}
        self.examples, self.tell = examples, tell

    def pytest_configure(self):
        from hypothesis import settings

        usual = settings.get_profile("ci")
        settings.register_profile("mutants", brief_settings(usual, self.examples or usual.max_examples))
        settings.load_profile("mutants")

    def pytest_collection_modifyitems(self, items):
        if self.order:
            items[:] = sorted((x for x in items if x.nodeid in self.order), key=lambda x: self.order[x.nodeid])

    def pytest_collectreport(self, report):
        if report.failed:
            self.tell(failed=f"collection of {report.nodeid}")

    def pytest_internalerror(self):
        self.tell(failed="an error of the run")

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.tell(failed=report.nodeid)


def restrain(test, examples):
    """Let a law of the usual 100 examples have so many instead, those of fewer in proportion, and shrink nothing."""
    if usual := getattr(test, "_hypothesis_internal_use_settings", None):
        number = max(1, usual.max_examples * (examples or 100) // 100)
        test._hypothesis_internal_use_settings = brief_settings(usual, number)


class Staying(Chosen):
    """The plugin of a run that collects all tests and hands over, to start forks of itself that run some of them."""

    def __init__(self, work):
        super().__init__(None, None, lambda **said: print(said, flush=True))
        self.work, self.items, self.functions, self.caches = work, {}, [], []

    def pytest_runtestloop(self, session):
        if session.testsfailed:
            raise session.Failed("the tests cannot be collected")
        self.items = {item.nodeid: item for item in session.items}
        kinds = (types.FunctionType, functools._lru_cache_wrapper)
        living = [thing for thing in gc.get_objects() if type(thing) in kinds]
        ours = [thing for thing in living if str(thing.__module__).startswith(("schedules", "adapters"))]
        self.functions = [thing for thing in ours if type(thing) is types.FunctionType]
        self.caches = [thing for thing in ours if type(thing) is not types.FunctionType]
        gc.freeze()  # forks need not look through all that
        self.work(self.run)
        return True

    def run(self, file, tree, chosen, examples, tell):
        """Run tests before a mutant, in this process."""
        from _pytest.main import pytest_runtestloop

        swap(file, tree, self.functions, self.caches)
        self.tell = tell
        items = [self.items[test] for test in chosen if test in self.items]  # some may be gone since they were watched
        for item in items:
            restrain(item.obj, examples)
        items[0].session.items[:] = items
        pytest_runtestloop(items[0].session)


class Watching(Chosen):
    """The plugin that finds out how long each test takes, and which of our functions it calls."""

    def __init__(self, calls, tell):
        super().__init__(None, FEW, tell)
        self.calls, self.started, self.fails = calls, 0.0, False

    def called(self):
        """The functions called since this was last asked."""
        found = sorted(self.calls)
        self.calls.clear()
        return found

    def pytest_collection_finish(self, session):
        laws = [x.nodeid for x in session.items if getattr(getattr(x, "obj", None), "is_hypothesis_test", False)]
        self.tell(test="", calls=self.called(), seconds=0, laws=laws)

    def pytest_runtest_logreport(self, report):
        if report.when == "setup":
            self.started, self.fails = time.process_time(), False
        self.fails = self.fails or report.failed
        if report.when == "teardown" and not self.fails:
            self.tell(test=report.nodeid, calls=self.called(), seconds=round(time.process_time() - self.started, 4))


def saying(file, calls):
    """The tree of a file in which each function says that it is called."""
    tree = ast.parse((ROOT / file).read_text())
    parents = parents_of(tree)
    functions = [node for node in parents if isinstance(node, ast.FunctionDef)]
    for node, scope in [(node, scope_of(node.body[-1], parents)) for node in functions]:
        place = 1 if is_text(node.body[0]) else 0
        said = ast.parse(f"__import__('builtins').calls.add({f'{file} {scope}'!r})").body
        node.body[place:place] = [ast.copy_location(ast.fix_missing_locations(said[0]), node)]
    builtins.calls = calls
    return ast.fix_missing_locations(tree)


def forked(body, seconds):
    """What a fork of this process tells, as a list, and whether it ran beyond so many seconds of its own."""
    back, forth = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # JAX is imported, and has no threads yet
        child = os.fork()
    if not child:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
        os.close(back)
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silent, stream)
        with contextlib.suppress(BaseException):
            body(lambda **said: tell(forth, said))
        os._exit(0)
    os.close(forth)
    heard = bytearray()
    while select.select([back], [], [], 20 * seconds)[0] and (piece := os.read(back, 1 << 16)):
        heard += piece
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.close(back)
    _, status = os.waitpid(child, 0)
    late = os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL)
    return [json.loads(line) for line in heard.decode().splitlines()], late


def tell(pipe, said):
    """Say it to the parent; what fails is the last word."""
    os.write(pipe, (json.dumps(said) + "\n").encode())
    if "failed" in said:
        os._exit(1)


def serve(trees):
    """Let this process read trees in place of files."""
    usual = importlib.machinery.SourceFileLoader.get_code

    def get_code(self, name):
        tree = trees.get(os.path.realpath(self.path).removeprefix(f"{ROOT}/"))
        return compile(tree, self.path, "exec") if tree else usual(self, name)

    importlib.machinery.SourceFileLoader.get_code = get_code


def codes(code, found):
    """The codes of all functions of a module, in their order, by name and first line."""
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            found[inner.co_qualname, inner.co_firstlineno].append(inner)
            codes(inner, found)
    return found


def swap(file, tree, functions, caches):
    """Give the living functions of a file the code that they have in a tree, and forget what was computed before."""
    path = str(ROOT / file)
    usual = codes(compile(Path(path).read_text(), path, "exec"), defaultdict(list))
    other = codes(compile(tree, path, "exec"), defaultdict(list))
    new = {}
    for place, those in usual.items():
        if len(those) == len(other[place]):  # a statement that is gone takes its lambdas with it
            new |= {one: its for one, its in zip(those, other[place], strict=True) if one != its}
    for function in functions:
        function.__code__ = new.get(function.__code__, function.__code__)
    for cache in caches:
        cache.cache_clear()


def begin(tell):
    """Import the package, before pytest meets one of its modules by way of its path."""
    try:
        importlib.import_module("schedules")
    except BaseException as fault:
        tell(failed=f"import: {type(fault).__name__}")


def runs_jax(path):
    """Whether a test file may start JAX when it is collected, whose threads no fork has."""
    return path in TESTS and any(f"import {name}" in (ROOT / path).read_text() for name in ("jax", "optax", "keras"))


def pytest_on(paths, plugin):
    """Run pytest in this process."""
    import pytest

    options = ["-c", "pyproject.toml", "--rootdir", str(ROOT), "-o", "addopts=", "--import-mode=importlib", "-q"]
    options += ["--assert=plain", "--doctest-modules", "-s"]  # the cache holds the peers that some tests read
    return pytest.main([*options, *paths], plugins=[plugin])


def preload():
    """Have the heavy libraries, none of which knows this package, in memory."""
    os.chdir(ROOT)
    os.environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "KERAS_BACKEND": "torch"}
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(MADE / "bytecode")
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]
    for name in ("numpy", "hypothesis.extra.numpy", "pytest", "mpmath", "torch", "jax.numpy", "optax", "mlx.core"):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


# -- which tests call what ---------------------------------------------------------------------------------


def watched(anew):
    """For each test file, its tests: how long they take, which functions they call; asked anew where a file changed."""
    kept = MADE / "tests.json"
    known = json.loads(kept.read_text()) if kept.exists() else {}
    for name, paths in {"doctests": FILES, **{path: [path] for path in TESTS}}.items() if anew else ():
        stamp = max((ROOT / path).stat().st_mtime for path in paths)
        if known.get(name, {}).get("stamp") == stamp:
            continue

        def body(tell, paths=paths):
            calls = set()
            serve({file: saying(file, calls) for file in FILES})
            begin(tell)
            pytest_on(paths, Watching(calls, tell))

        print(f"watching {name}", flush=True)
        said, _ = forked(body, 600)
        laws = {test for one in said for test in one.get("laws", ())}
        tests = {one["test"]: [one["seconds"], one["test"] in laws, one["calls"]] for one in said if "test" in one}
        known[name] = {"stamp": stamp, "tests": tests}
        MADE.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(known))
    return {name: of["tests"] for name, of in known.items()}


def callers(tests, file, scope):
    """The tests that call a function, or any of the file, each with its seconds and whether it is a law."""
    wanted = f"{file} {'' if scope == '<module>' else scope}"

    def calls(names):
        return any(name.startswith(wanted) if scope == "<module>" else name == wanted for name in names)

    found = {}
    for of in tests.values():
        always = scope != "<module>" and calls(of.get("", [0, 0, ()])[2])
        for test, (seconds, law, names) in of.items():
            if test and (always or calls(names)):
                found[test] = seconds, law
    return found


# -- mutants before the tests --------------------------------------------------------------------------------


def noticed(file, tree, found, kills, *, seconds, run):
    """The test that notices a mutant and the round in which it does; None if none does."""
    own = (file, *(f"tests/{name}" for prefix, names in OWN.items() if file.startswith(prefix) for name in names))
    named = f"/test_{Path(file).stem}.py"
    order = sorted(found, key=lambda x: (-kills[x], named not in x, not x.startswith(own), found[x][0]))
    near = within(order, found, NEAR)
    wide = within([test for test in order if test not in near], found, seconds)
    laws = within([test for test in (*near, *wide) if found[test][1]], found, seconds / 4)
    for number, (chosen, examples) in enumerate(((near, FEW), (wide, FEW), (laws, None))):
        if not chosen:
            continue
        limit = SLOW[0] * sum(found[test][0] for test in chosen) * (1 if examples else 8) + SLOW[1]

        def body(tell, chosen=chosen, examples=examples):
            run(file, tree, chosen, examples, tell)
            tell(ran=len(chosen))

        said, late = forked(body, limit)
        if not said or "failed" in said[-1]:
            return said[-1]["failed"] if said else "endless" if late else "the run ended", number
    return None


def run_anew(file, tree, chosen, examples, tell):
    """Collect tests and run them where a tree is read in place of a file."""
    serve({file: tree})
    begin(tell)
    pytest_on(sorted({test.partition("::")[0] for test in chosen}), Chosen(chosen, examples, tell))


def within(tests, found, seconds):
    """The first tests that take so many seconds together."""
    total, taken = 0.0, []
    for test in tests:
        if total + found[test][0] <= seconds:
            total += found[test][0]
            taken.append(test)
    return taken


def equivalents():
    """The mutants that are known to change nothing, each with the reason."""
    lines = (ROOT / "tests" / "mutants.txt").read_text().splitlines()
    return {name: why.strip() for name, why in itertools.pairwise(lines) if why.startswith("    ")}


def examine(file, options, tests, known, *, run):
    """Try the mutants of a file; a line for each."""
    kills = Counter(one["by"] for one in known.values() if one["file"] == file and one["by"])
    log, harmless = MADE / "found.jsonl", equivalents()
    todo = list(mutants_of(file, options.count, options.seed))
    fresh = [
        m for m in todo if m[1] not in harmless and (m[1] not in known or (options.retry and not known[m[1]]["by"]))
    ]
    if not options.anew:
        fresh = [m for m in fresh if m[2] != "<module>"]
    for _ in fresh[:1]:
        same = ast.parse((ROOT / file).read_text())
        if by := noticed(file, same, callers(tests, file, "<module>"), kills, seconds=0, run=run):
            print(f"{file}: {by[0]} fails without a change", flush=True)
            return
    for _, name, scope, line, tree in fresh:
        start = time.monotonic()
        by = noticed(file, tree, callers(tests, file, scope), kills, seconds=options.seconds, run=run)
        known[name] = {"name": name, "file": file, "line": line, "by": by and by[0], "round": by and by[1]}
        known[name]["seconds"] = round(time.monotonic() - start, 1)
        kills.update([by[0]] if by else [])
        with log.open("a") as lines:
            lines.write(json.dumps(known[name]) + "\n")
        print(f"{known[name]['seconds']:6.1f} s  {by and by[0]}", flush=True)
        if not by:
            print(f"alive: {name} (line {line})", flush=True)
    equal = sum(name in harmless for _, name, *_ in todo)
    tried = [known[name] for _, name, *_ in todo if name in known and name not in harmless]
    killed = sum(bool(one["by"]) for one in tried)
    print(f"{file}: {killed} of {len(tried)} noticed; {equal} change nothing; {len(todo)} in all", flush=True)


def main():
    """Try the mutants of the files."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", default=FILES)
    parser.add_argument("--count", type=int, default=40, help="mutants a file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=8, help="of the tests that a mutant has to pass")
    parser.add_argument("--retry", action="store_true", help="try again those that nothing noticed")
    parser.add_argument("--anew", action="store_true", help="collect the tests again for each mutant")
    parser.add_argument("--watch", action="store_true", help="only find out which tests call what")
    parser.add_argument("--as-known", action="store_true", help="do not find it out anew")
    parser.add_argument("--list", action="store_true", help="print the mutants only")
    options = parser.parse_args()
    if options.list:
        for file in options.files:
            print(
                *(f"{line}: {name}" for _, name, _, line, _ in mutants_of(file, options.count, options.seed)), sep="\n"
            )
        return
    preload()
    tests = watched(anew=not options.as_known)
    if options.watch:
        return
    log = MADE / "found.jsonl"
    found = map(json.loads, log.read_text().splitlines()) if log.exists() else ()
    known = {one["name"]: one for one in found}

    if not options.anew:
        tests = {name: of for name, of in tests.items() if not runs_jax(name)}

    def work(run):
        for file in options.files:
            examine(file, options, tests, known, run=run)

    if options.anew:
        work(run_anew)
    else:
        pytest_on([*FILES, *(path for path in TESTS if not runs_jax(path))], Staying(work))


if __name__ == "__main__":
    main()
