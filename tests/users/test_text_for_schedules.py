"""Whatever takes a schedule says what to do with a text, and takes a number or refuses it: all public functions."""

import inspect
import re
from collections.abc import Callable
from typing import Any, get_args, get_origin, get_type_hints

import pytest

import schedules as sc
from schedules import theory

PUBLIC = {
    name: getattr(module, name)
    for module in (sc, theory)
    for name in module.__all__
    if inspect.isfunction(getattr(module, name)) and name not in ("parse", "free_names", "named")
}
EXPRESSION = "cosine(1, 0, 9)"
OTHERS = {"at": [1], "checkpoints": [0, 1, 2], "milestones": [9]}


def takes_schedule(annotation):
    """Whether an argument may be a schedule, or several; a function that returns one is none."""
    if get_origin(annotation) is Callable or annotation is inspect.Parameter.empty:
        return False
    return annotation is sc.Schedule or any(map(takes_schedule, get_args(annotation)))


def parameters(function):
    """The parameters of a function by name, each with its annotation."""
    plain = inspect.unwrap(function)
    hints = get_type_hints(plain, localns={"Axes": Any}, include_extras=True)
    return {
        name: (parameter, hints.get(name, parameter.empty))
        for name, parameter in inspect.signature(plain).parameters.items()
    }


PLACES = [
    (name, place)
    for name, function in PUBLIC.items()
    for place, (_, annotation) in parameters(function).items()
    if takes_schedule(annotation)
]


def given(name, place, value):
    """The function called with a value in one place, and with what fits in the others."""
    first, keywords = [], {}
    for key, (parameter, annotation) in parameters(PUBLIC[name]).items():
        if key == place:
            argument = value
        elif parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        ):
            argument = sc.cosine(1.0, 0.0, 9) if takes_schedule(annotation) else OTHERS.get(key, 5)
        else:
            continue
        if parameter.kind is parameter.KEYWORD_ONLY:
            keywords[key] = argument
        else:
            first.append(argument)
    return PUBLIC[name](*first, **keywords)


def test_they_are_found():
    assert len(PLACES) > 30
    assert {("mean", "s"), ("explain", "s"), ("plot", "schedules"), ("join", "parts"), ("rank", "schedules")} < {
        *PLACES
    }


@pytest.mark.parametrize(("name", "place"), PLACES)
def test_a_text_is_to_be_parsed(name, place):
    text = [EXPRESSION] if (name, place) == ("rank", "schedules") else EXPRESSION
    with pytest.raises(sc.ScheduleError, match=rf"^{name}: \w+={re.escape(repr(EXPRESSION))}: .*parse"):
        given(name, place, text)


@pytest.mark.parametrize(("name", "place"), PLACES)
def test_nothing_is_no_schedule(name, place):
    with pytest.raises(sc.ScheduleError, match=rf"^{name}: \w+=None: "):
        given(name, place, None)


@pytest.mark.parametrize(("name", "place"), PLACES)
def test_a_number_is_a_constant_or_refused_by_the_function(name, place):
    try:
        assert given(name, place, 3) is not NotImplemented
    except sc.ScheduleError as fault:
        assert str(fault).startswith(f"{name}: ")  # noqa: PT017 -- either is fine, nothing else is


@pytest.mark.parametrize("make", [sc.Join, lambda parts: sc.Lift("add", parts)])
@pytest.mark.parametrize("parts", [EXPRESSION, 3, None, sc.linear(0.0, 1.0, 5)])
def test_nodes_of_several_take_a_list(make, parts):
    with pytest.raises(sc.ScheduleError, match=r"^(join|add): operands=.*: this is a list of schedules"):
        make(parts)
