"""The equation of a curve: the one that its documentation opens with."""

import ast
import functools
import re
from typing import Any, TypeAlias

Formula: TypeAlias = ast.expr


FUNCTIONS = frozenset(("abs", "sin", "cos", "tanh", "exp", "expm1", "log", "log1p", "sqrt", "floor", "min", "max"))


@functools.cache
def equation_of(maker: Any) -> Formula | None:
    """The right side of the equation that the documentation of a curve of this package opens with."""
    if maker.__module__ != "schedules.library.curves":
        return None
    match = re.match(r"``s\(t\) = (.+?)``(?: for (.+?))?(?:[.:,]|$)", maker.__doc__ or "")
    try:
        tree = ast.parse(match[1], mode="eval").body if match else None
    except SyntaxError:  # it is in words
        return None
    for definition in re.split(" and |, ", (match and match[2]) or ""):
        name, _, meaning = definition.replace("`", "").partition(" = ")
        if meaning and tree:
            tree = _Named({name: ast.parse(meaning, mode="eval").body}).visit(tree)
    nodes = list(ast.walk(tree)) if tree else []
    called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    return tree if called <= FUNCTIONS and names <= {*maker.defaults, "t", "pi", *FUNCTIONS} else None


class _Named(ast.NodeTransformer):
    """Names replaced by what they stand for."""

    def __init__(self, meanings: dict[str, Formula]) -> None:
        self.meanings = meanings

    def visit_Name(self, node: ast.Name) -> Formula:
        return self.meanings.get(node.id, node)
