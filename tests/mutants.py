"""Small mutants of a file, and whether its tests notice: ``python tests/mutants.py FILE TESTS... [--count 40]``.

A mutant is the file with one comparison flipped, one sign turned, one constant off by one, or one statement removed.
The ones that no test notices are printed; each is a test that is missing, or a change that changes nothing. No tool
fits that mutates by files and runs chosen tests over a package whose folders are links; so this one is our own.
"""

import argparse
import ast
import copy
import random
import subprocess
import sys
from pathlib import Path

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
TIMEOUT = 300  # seconds for the tests of one mutant: one that never ends is noticed


def changes(tree):
    """What can be changed in a file: a function that does it to a node of the tree with the same number, and words."""
    for number, node in enumerate(ast.walk(tree)):
        if isinstance(node, ast.Compare) and type(node.ops[0]) in FLIPPED:
            new = FLIPPED[type(node.ops[0])]
            yield number, node, f"compare with {new.__name__}", lambda n, new=new: n.ops.__setitem__(0, new())
        elif isinstance(node, ast.BinOp | ast.BoolOp | ast.UnaryOp) and type(node.op) in FLIPPED:
            new = FLIPPED[type(node.op)]
            yield number, node, f"do {new.__name__}", lambda n, new=new: setattr(n, "op", new())
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield number, node, "one more", lambda n: setattr(n, "value", n.value + 1)
        elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
            yield number, node, "the opposite", lambda n: setattr(n, "value", not n.value)
        elif isinstance(node, ast.Assign | ast.AugAssign | ast.If | ast.Expr) and not is_text(node):
            yield number, node, "removed", None


def is_text(node):
    """Whether a statement is a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def mutant(tree, number, change):
    """The source with one node changed, or removed."""
    tree = copy.deepcopy(tree)
    node = list(ast.walk(tree))[number]
    if change:
        change(node)
    else:
        for parent in ast.walk(tree):
            for body in (getattr(parent, name, None) for name in ("body", "orelse")):
                if isinstance(body, list) and node in body:
                    body[body.index(node)] = ast.copy_location(ast.Pass(), node)
    return ast.unparse(ast.fix_missing_locations(tree))


def noticed(tests):
    """Whether the tests fail."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        return subprocess.run(command, capture_output=True, timeout=TIMEOUT, check=False).returncode != 0  # noqa: S603 -- our own
    except subprocess.TimeoutExpired:
        return True


def main():
    """Try the mutants of a file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("tests", nargs="+")
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    source = options.file.read_text()
    tree = ast.parse(source)
    found = list(changes(tree))
    if noticed(options.tests):
        raise SystemExit("the tests fail without a change")
    chosen = random.Random(options.seed).sample(found, min(options.count, len(found)))  # noqa: S311 -- a sample
    alive = []
    try:
        for number, node, words, change in sorted(chosen, key=lambda item: item[0]):
            options.file.write_text(mutant(tree, number, change))
            if not noticed(options.tests):
                alive.append(f"{options.file}:{node.lineno}: {ast.unparse(node).splitlines()[0]!r}: {words}")
                print(alive[-1], flush=True)
    finally:
        options.file.write_text(source)
    print(f"{options.file}: {len(chosen) - len(alive)} of {len(chosen)} noticed")


if __name__ == "__main__":
    main()
