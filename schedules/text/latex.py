"""A formula in LaTeX, for display mode, with the ``cases`` environment of amsmath."""

import ast
import re
from collections.abc import Sequence
from typing import cast

from ..library.equations import Formula
from .symbols import DIGITS, near, number_of, numeral, plus

ENOUGH = 7  # digits of a longer number in LaTeX, which is for reading


NEXT = " \\\\\n"  # between two cases


_REST, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(6)  # how tightly an expression binds


def in_latex(found: Sequence[tuple[Formula, Formula | None]]) -> str:
    """One line, or the cases one below the other."""
    pairs = [(math_of(value), None if condition is None else math_of(condition)) for value, condition in found]
    if len(pairs) == 1:
        ((value, condition),) = pairs
        return f"s(t) = {value}" if condition is None else rf"s(t) = {value} \quad \text{{for }} {condition}"
    lines = [rf"  {value} & \text{{if }} {condition}" for value, condition in pairs]
    return f"s(t) = \\begin{{cases}}\n{NEXT.join(lines)}\n\\end{{cases}}"


def math_of(node: Formula) -> str:
    """A formula in LaTeX."""
    return _set(node)[0]


def _set(node: Formula) -> tuple[str, int]:
    """A formula in LaTeX, and how tightly it binds."""
    match node:
        case ast.Constant(value):
            text = _digits(cast("float", value))
            return text, _PRODUCT if "10^" in text else _ATOM
        case ast.Name(name):
            return {"pi": r"\pi", "inf": r"\infty"}.get(name, name), _ATOM
        case ast.UnaryOp(_, operand):
            return f"-{_within_of(operand, _SIGN)}", _SUM
        case ast.BinOp(left, op, right):
            return _operation(left, op, right)
        case ast.Call(ast.Name(name), args):
            return _applied(name, args)
        case ast.Compare(left, ops, rights):
            signs = (_SIGNS[type(op)] for op in ops)
            return " ".join((math_of(left), *(f"{s} {math_of(x)}" for s, x in zip(signs, rights, strict=True)))), _SUM
        case ast.IfExp():
            return _choice(node), _ATOM
        case _:
            return ast.unparse(node), _ATOM


_SIGNS: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: r"\leq", ast.GtE: r"\geq"}


def _digits(value: float) -> str:
    """A number: a power of ten apart where there are many zeros."""
    if isinstance(value, int):
        return str(value)
    digits = DIGITS if near(float(f"{value:.{DIGITS}g}"), value) else ENOUGH
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    if -3 < int(exponent) < digits:
        return f"{value:.{digits}g}"
    return f"10^{{{int(exponent)}}}" if mantissa == "1" else rf"{mantissa} \times 10^{{{int(exponent)}}}"


def _within_of(node: Formula, level: int) -> str:
    text, own = _set(node)
    return text if own >= level else rf"\left({text}\right)"


def _operation(left: Formula, op: ast.operator, right: Formula) -> tuple[str, int]:
    match op:
        case ast.Add() | ast.Sub():
            sign = "+" if isinstance(op, ast.Add) else "-"
            return f"{_within_of(left, _SUM)} {sign} {_within_of(right, _PRODUCT)}", _SUM
        case ast.Mult():
            return f"{_within_of(left, _PRODUCT)} {_dot(right)}{_within_of(right, _PRODUCT)}", _PRODUCT
        case ast.Div():
            match left:
                case ast.BinOp(factor, ast.Mult(), inner) if isinstance(number_of(factor), float):
                    return rf"{_within_of(factor, _PRODUCT)} \cdot {_fraction(inner, right)}", _PRODUCT
                case ast.UnaryOp(_, operand):
                    return f"-{_fraction(operand, right)}", _SUM
                case _:
                    return _fraction(left, right), _PRODUCT
        case ast.FloorDiv():
            return rf"\left\lfloor {_fraction(left, right)} \right\rfloor", _ATOM
        case ast.Mod():
            return rf"{_within_of(left, _POWER)} \bmod {_within_of(right, _POWER)}", _REST
        case _:
            return _raised(left, right), _POWER


def _dot(right: Formula) -> str:
    """What stands before a factor: nothing before a letter or a parenthesis, else a dot."""
    text = _within_of(right, _PRODUCT)
    return "" if re.match(r"[a-z]|\\(pi|left\()", text) else r"\cdot "


def _fraction(above: Formula, below: Formula) -> str:
    return rf"\frac{{{math_of(above)}}}{{{math_of(below)}}}"


def _raised(base: Formula, exponent: Formula) -> str:
    match base:
        case ast.Call(ast.Name("sin" | "cos" | "tanh" as name), [arg]) if number_of(exponent) == 2:
            return rf"\{name}^{{2}}\left({math_of(arg)}\right)"
        case _:
            return f"{_within_of(base, _ATOM)}^{{{_inline(exponent)}}}"


def _inline(node: Formula) -> str:
    """A quotient on one line, if it is that simple."""
    match node:
        case ast.BinOp(ast.Name() | ast.Constant() as above, ast.Div(), ast.Constant() as below):
            return f"{math_of(above)}/{math_of(below)}"
        case _:
            return math_of(node)


def _applied(name: str, args: list[Formula]) -> tuple[str, int]:
    inner = ", ".join(map(math_of, args))
    match name:
        case "sqrt":
            return rf"\sqrt{{{inner}}}", _ATOM
        case "exp":
            return f"e^{{{inner}}}", _POWER
        case "expm1":
            return f"e^{{{inner}}} - 1", _SUM
        case "log1p":
            return _applied("log", [plus(numeral(1), args[0])])
        case "abs":
            return rf"\left|{inner}\right|", _ATOM
        case "floor":
            return rf"\left\lfloor {inner} \right\rfloor", _ATOM
        case "log":
            return rf"\ln\left({inner}\right)", _ATOM
        case "sin" | "cos" | "tanh" | "min" | "max":
            return rf"\{name}\left({inner}\right)", _ATOM
        case _:
            text = name.replace("_", r"\_")
            return rf"\mathrm{{{text}}}\left({inner}\right)", _ATOM


def _choice(node: ast.IfExp) -> str:
    """Cases inside of a formula."""
    lines: list[str] = []
    rest: Formula = node
    while isinstance(rest, ast.IfExp):
        lines.append(rf"{math_of(rest.body)} & \text{{if }} {math_of(rest.test)}")
        rest = rest.orelse
    lines.append(rf"{math_of(rest)} & \text{{otherwise}}")
    return rf"\begin{{cases}} {NEXT.join(lines)} \end{{cases}}"
