"""Bad input is refused when the schedule is built, by a message that names function, argument, value and remedy."""

import itertools
import math
import re
import subprocess
import sys

import numpy as np
import pytest

import schedules as sc


def crowd(*parts):
    return sc.join(*parts)


def options(**settings):
    return sc.linear(**settings)


SCOPE = {
    **vars(sc),
    "np": np,
    "sc": sc,
    "NAN": math.nan,
    "INF": math.inf,
    "ramp": sc.linear(0.0, 1.0, 10),
    "crowd": crowd,
    "options": options,
    "endless": sc.inverse_sqrt(1.0, timescale=5),
}

FINITE = "a value is a finite number"
DURATION = "a duration is a finite number of steps >= 0"
PERIOD = "a finite number of steps > 0"
POSITIVE = "a finite number > 0"
SCHEDULE = "a schedule or a"
SORTED = "sort them first"
CUT = r"cut it: s\[:1000\]"

# what is called, and what the message says: function, argument, value, remedy
BAD = {
    # values
    "constant(NAN)": ("constant", "value", "nan", FINITE),
    "constant(INF)": ("constant", "value", "inf", FINITE),
    "constant('0.1')": ("constant", "value", "'0.1'", "convert it first"),
    "constant(None)": ("constant", "value", "None", FINITE),
    "constant(True)": ("constant", "value", "True", "a boolean is not a number"),
    "constant([0.1, 0.2])": ("constant", "value", r"\[0.1, 0.2\]", "give one number"),
    "constant(1j)": ("constant", "value", "1j", FINITE),
    "constant(ramp)": ("constant", "value", "linear", FINITE),
    "constant(np.array([0.1, 0.2]))": ("constant", "value", "array", "give one number"),
    "linear(NAN, 0, 5)": ("linear", "start", "nan", FINITE),
    "linear(0, -INF, 5)": ("linear", "end", "-inf", FINITE),
    "linear('a', 0, 5)": ("linear", "start", "'a'", "text is not a number"),
    "linear(False, 0, 5)": ("linear", "start", "False", "a boolean is not a number"),
    "linear(0, b'1', 5)": ("linear", "end", "b'1'", "text is not a number"),
    "cosine(None, 0, 5)": ("cosine", "start", "None", FINITE),
    "clip(ramp, NAN, 1)": ("clip", "low", "nan", FINITE),
    "step_decay(1, 'half', 5)": ("step_decay", "factor", "'half'", "text is not a number"),
    "warmup(ramp, 5, start=INF)": ("warmup", "start", "inf", FINITE),
    "cooldown(ramp, 5, 5, end=NAN)": ("cooldown", "end", "nan", FINITE),
    # durations
    "constant(1, steps=-1)": ("constant", "steps", "-1", "a number of steps >= 0, or inf"),
    "constant(1, steps=NAN)": ("constant", "steps", "nan", "NaN is not a number"),
    "constant(1, steps='5')": ("constant", "steps", "'5'", "text is not a number"),
    "linear(0, 1, -1)": ("linear", "steps", "-1", DURATION),
    "linear(0, 1, -0.5)": ("linear", "steps", "-0.5", DURATION),
    "linear(0, 1, INF)": ("linear", "steps", "inf", DURATION),
    "linear(0, 1, NAN)": ("linear", "steps", "nan", DURATION),
    "linear(0, 1, '10')": ("linear", "steps", "'10'", DURATION),
    "linear(0, 1, True)": ("linear", "steps", "True", DURATION),
    "linear(0, 1, None)": ("linear", "steps", "None", DURATION),
    "linear(0, 1, [10])": ("linear", "steps", r"\[10\]", DURATION),
    "cosine(0, 1, -3)": ("cosine", "steps", "-3", DURATION),
    "exponential(1, 2, INF)": ("exponential", "steps", "inf", DURATION),
    "polynomial(1, 2, -7)": ("polynomial", "steps", "-7", DURATION),
    "one_minus_sqrt(1, 2, NAN)": ("one_minus_sqrt", "steps", "nan", DURATION),
    "tanh_decay(1, 0, -1)": ("tanh_decay", "steps", "-1", DURATION),
    "rex(1, 0, INF)": ("rex", "steps", "inf", DURATION),
    "k_decay(1, 0, -2)": ("k_decay", "steps", "-2", DURATION),
    "custom(abs, steps=-1)": ("custom", "steps", "-1", "a number of steps >= 0, or inf"),
    "shift(ramp, -5)": ("shift", "steps", "-5", DURATION),
    "warmup(ramp, -5)": ("warmup", "steps", "-5", DURATION),
    "cooldown(ramp, -1, 5)": ("cooldown", "at", "-1", DURATION),
    "cooldown(ramp, 5, INF)": ("cooldown", "steps", "inf", DURATION),
    "retarget(ramp, -1, 5)": ("retarget", "at", "-1", DURATION),
    # what is above zero
    "polynomial(1, 0, 5, power=0)": ("polynomial", "power", "0", POSITIVE),
    "polynomial(1, 0, 5, power=-1)": ("polynomial", "power", "-1", POSITIVE),
    "k_decay(1, 0, 5, k=0)": ("k_decay", "k", "0", POSITIVE),
    "exponential_decay(1, 0)": ("exponential_decay", "rate", "0", POSITIVE),
    "exponential_decay(1, INF)": ("exponential_decay", "rate", "inf", POSITIVE),
    "exponential_decay(1, 0.9, every=0)": ("exponential_decay", "every", "0", PERIOD),
    "inverse_sqrt(1, timescale=0)": ("inverse_sqrt", "timescale", "0", PERIOD),
    "inverse_sqrt(1, timescale=INF)": ("inverse_sqrt", "timescale", "inf", PERIOD),
    "inverse_time(1, -1)": ("inverse_time", "rate", "-1", POSITIVE),
    "step_decay(1, 0.5, 0)": ("step_decay", "every", "0", PERIOD),
    "stretch(ramp, 0)": ("stretch", "factor", "0", POSITIVE),
    "stretch(ramp, -2)": ("stretch", "factor", "-2", POSITIVE),
    "fit(ramp, 0)": ("fit", "steps", "0", PERIOD),
    "every(ramp, 0)": ("every", "n", "0", PERIOD),
    "every(ramp, NAN)": ("every", "n", "nan", PERIOD),
    "repeat(ramp, 0)": ("repeat", "times", "0", "from 1 to 10000, or inf"),
    "repeat(ramp, 1.5)": ("repeat", "times", "1.5", "from 1 to 10000, or inf"),
    "repeat(ramp, True)": ("repeat", "times", "True", "a boolean is not a number"),
    "repeat(ramp, 2, stretch=0)": ("repeat", "stretch", "0", POSITIVE),
    "repeat(ramp, INF, stretch=0.5)": ("repeat", "stretch", "0.5", "use stretch >= 1"),
    "sgdr(1, 0, 3)": ("sgdr", "steps", "0", PERIOD),
    "sgdr(1, 5, 0)": ("sgdr", "times", "0", "from 1 to 10000"),
    "sgdr(1, 5, INF)": ("sgdr", "times", "inf", "from 1 to 10000"),
    "repeat(ramp, 10**9)": ("repeat", "times", "1000000000", r"cut an endless one: s\[:steps\]"),
    "noam(0, 5)": ("noam", "model_size", "0", PERIOD),
    "noam(512, 0)": ("noam", "warmup", "0", PERIOD),
    "triangular(0, 1, 0)": ("triangular", "steps", "0", PERIOD),
    "exp_range(0, 1, 5, rate=0)": ("exp_range", "rate", "0", POSITIVE),
    "one_cycle(1, 10, div=0)": ("one_cycle", "div", "0", POSITIVE),
    "slanted_triangular(1, 10, ratio=-1)": ("slanted_triangular", "ratio", "-1", POSITIVE),
    # fractions and what has to fit
    "one_cycle(1, 10, rise=1.5)": ("one_cycle", "rise", "1.5", "from 0 to 1"),
    "one_cycle(1, 10, rise=0.8, three_phase=True)": ("one_cycle", r"2 \* rise \* steps", "16", "shorten it"),
    "flat_cosine(1, 10, flat=-0.1)": ("flat_cosine", "flat", "-0.1", "from 0 to 1"),
    "slanted_triangular(1, 10, cut=2)": ("slanted_triangular", "cut", "2", "from 0 to 1"),
    "wsd(1, 10, warmup=6, cooldown=6)": ("wsd", r"warmup \+ cooldown", "12", "shorten it or train longer"),
    "trapezoid(1, 10, warmup=6, cooldown=6)": ("trapezoid: wsd", r"warmup \+ cooldown", "12", "shorten it"),
    "cosine_warmup(1, 10, warmup=11)": ("cosine_warmup", "warmup", "11", "shorten it or train longer"),
    "linear_warmup(1, 10, warmup=11)": ("linear_warmup", "warmup", "11", "shorten it or train longer"),
    "polynomial_warmup(1, 10, warmup=11)": ("polynomial_warmup", "warmup", "11", "shorten it or train longer"),
    "retarget(ramp, 10, 20)": ("retarget", "at", "10", "branch before its end"),
    "retarget(ramp, 5, 5)": ("retarget", "steps", "5", "the new length goes beyond"),
    "clip(ramp, 2, 1)": ("clip", "low", "2", "swap them"),
    # signs and zeros
    "exponential(0, 1, 5)": ("exponential", "start", "0", "use a small value instead"),
    "exponential(1, 0, 5)": ("exponential", "end", "0", "use a small value instead"),
    "exponential(1, -1, 5)": ("exponential", "end", "-1", "it needs the sign of start"),
    "power(1, 0, timescale=5)": ("power", "exponent", "0", POSITIVE),
    "power(1, 0.5, timescale=0)": ("power", "timescale", "0", PERIOD),
    "wsd_s(1, [], warmup=1, cooldown=1)": ("wsd_s", "milestones", r"\(\)", "give the step at which the decay ends"),
    "wsd_s(1, [5, 9], warmup=1, cooldown=5)": ("wsd_s", r"warmup \+ cooldown", "6", "shorten it or train longer"),
    "chebyshev(0, 1, 5)": ("chebyshev", "start", "0", POSITIVE),
    "chebyshev(1, 0.1, 5, fractal=True)": ("chebyshev", "steps", "5", "takes 1, 2, 4, 8, ... steps"),
    "lr_range_test(0, 1, 5)": ("lr_range_test: exponential", "start", "0", "use a small value instead"),
    "ramp / 0": ("divide", "divisor", "0", "nothing is divided by zero"),
    "ramp % 0": ("remainder", "divisor", "0", "nothing is divided by zero"),
    "sc.constant(1.0) / 0.0": ("divide", "operands", r"\[1.0, 0.0\]", "choose operands inside its domain"),
    "sc.constant(-1.0) ** 0.5": ("pow", "operands", "-1.0", "choose operands inside its domain"),
    # lists
    "multistep(1, 0.5, [20, 10])": ("multistep", "milestones", r"\[20, 10\]", SORTED),
    "multistep(1, 0.5, [-1])": ("multistep", "milestones", r"\[-1\]", "steps >= 0 in ascending order"),
    "multistep(1, 0.5, 10)": ("multistep", "milestones", "10", "a list of steps"),
    "multistep(1, 0.5, '10')": ("multistep", "milestones", "'10'", "text is not a list"),
    "multistep(1, 0.5, [NAN])": ("multistep", "milestones", "nan", "NaN is not a number"),
    "multistep(1, 0.5, [INF])": ("multistep", "milestones", "inf", "a list of steps"),
    "piecewise([], [])": ("piecewise", "values", r"\[\]", "at least 1 needed"),
    "piecewise([1, 2], [])": ("piecewise", "boundaries", r"\(\)", "2 values have 1 boundaries between them"),
    "piecewise([1, 2], [5, 6])": ("piecewise", "boundaries", r"\(5, 6\)", "2 values have 1 boundaries"),
    "piecewise([1, 'b'], [5])": ("piecewise", "values", "'b'", "a list of finite numbers"),
    "piecewise([1, 2, 3], [6, 5])": ("piecewise", "boundaries", r"\[6, 5\]", SORTED),
    "interpolate([])": ("interpolate", "points", r"\[\]", "at least 1 needed"),
    "interpolate([(5, 1.0), (0, 2.0)])": ("interpolate", "points", r"\(5, 1.0\)", SORTED),
    "interpolate([1, 2])": ("interpolate", "points", r"\[1, 2\]", r"\(step, value\) pairs"),
    "interpolate([(0, NAN)])": ("interpolate", "points", "nan", r"\(step, value\) pairs"),
    "interpolate({'a': 1})": ("interpolate", "points", "'a'", r"\(step, value\) pairs"),
    "replay([])": ("replay", "values", r"\[\]", "at least 1 needed"),
    "replay([1.0], interpolate=1)": ("replay", "interpolate", "1", "True or False"),
    # joins
    "join()": ("join", "parts", r"\(\)", "give at least one schedule"),
    "endless >> ramp": ("join", "part 1 of 2", "inverse_sqrt", CUT),
    "join(ramp, endless, ramp)": ("join", "part 2 of 3", "inverse_sqrt", CUT),
    "sc.constant(0.1) >> ramp": ("join", "part 1 of 2", r"constant\(0.1\)", r"constant\(0.1, steps=1000\)"),
    "join(ramp, 0.1, ramp)": ("join", "part 2 of 3", r"constant\(0.1\)", r"constant\(0.1, steps=1000\)"),
    "sc.cycle(ramp) >> 0.1": ("join", "part 1 of 2", "cycle", CUT),
    "ramp >> 'cosine'": ("join", "operand", "'cosine'", SCHEDULE),
    "None >> ramp": ("join", "operand", "None", SCHEDULE),
    "join(ramp, {0.1})": ("join", "operand", "{0.1}", SCHEDULE),
    # operands
    "ramp + 'a'": ("add", "operand", "'a'", SCHEDULE),
    "None * ramp": ("multiply", "operand", "None", SCHEDULE),
    "ramp * NAN": ("multiply", "operand", "nan", SCHEDULE),
    "ramp ** None": ("pow", "operand", "None", SCHEDULE),
    "scale(ramp, 'double')": ("scale", "operand", "'double'", SCHEDULE),
    "minimum(ramp, None)": ("minimum", "operand", "None", SCHEDULE),
    "np.arange(3) + ramp": ("add", "operand", "array", SCHEDULE),
    "np.arctan(ramp)": ("arctan", "linear", "no such operation on schedules", r"s.values\(\)"),
    "np.add.reduce(ramp)": ("add", "linear", "no such operation on schedules", r"s.values\(\)"),
    "warmup('ramp', 5)": ("warmup", "s", "'ramp'", SCHEDULE),
    # schedules without an end, or without a length
    "cycle(endless)": ("cycle", "s", "inverse_sqrt", CUT),
    "cycle(0.1)": ("cycle", "s", r"constant\(0.1\)", "give it a length"),
    "repeat(endless, 3)": ("repeat", "s", "inverse_sqrt", CUT),
    "repeat(linear(0, 1, 0), 3)": ("repeat", "s", "linear", "give it a length"),
    "fit(endless, 5)": ("fit", "s", "inverse_sqrt", CUT),
    "fit(0.1, 5)": ("fit", "s", r"constant\(0.1\)", "give it a length"),
    "reverse(endless)": ("reverse", "s", "inverse_sqrt", CUT),
    "endless.values()": ("values", "steps", "inverse_sqrt", r"say how many: values\(steps=1000\)"),
    "np.asarray(endless)": ("values", "steps", "inverse_sqrt", "say how many"),
    # slices
    "ramp[3]": (r"s\[a:b\]", "index", "3", r"a value with s\(step\)"),
    "ramp[::2]": (r"s\[a:b\]", "index", "slice", r"take a part with s\[a:b\]"),
    "ramp['a':]": (r"s\[a:b\]", "a", "'a'", "text is not a number"),
    "ramp[:NAN]": (r"s\[a:b\]", "b", "nan", "NaN is not a number"),
    "ramp[5:3]": ("part", "stop", "3", "swap them"),
    "ramp[-20:]": (r"s\[a:b\]", "a", "-20", "reaches back before step 0"),
    "endless[-5:]": (r"s\[a:b\]", "a", "-5", "nothing counts from its end"),
    # shapes, functions, switches
    "wsd(1, 10, warmup=1, cooldown=1, shape='cosin')": ("wsd", "shape", "'cosin'", "such as linear, cosine"),
    "wsd(1, 10, warmup=1, cooldown=1, shape=abs)": ("wsd", "shape", "abs", "yours have @named"),
    "cooldown(ramp, 5, 5, shape=ramp)": ("cooldown", "shape", "linear", "such as linear, cosine"),
    "custom(5)": ("custom", "fn", "5", "a callable of the step"),
    "warmup(ramp, 5, overlap='yes')": ("warmup", "overlap", "'yes'", "True or False"),
    "one_cycle(1, 10, three_phase=1)": ("one_cycle", "three_phase", "1", "True or False"),
    # calls
    "linear(0, 1)": ("linear", "steps", "missing", r"call it as linear\(start, end, steps\)"),
    "linear(0, 1, 5, 6)": ("linear", "too many", "positional", r"call it as linear\(start, end, steps\)"),
    "cosine(0, 1, 5, T_max=5)": ("cosine", "T_max", "unexpected", r"call it as cosine\(start, end, steps\)"),
    "wsd(1, 10)": ("wsd", "warmup", "missing", r"call it as wsd\(peak, steps, \*, warmup, "),
    "polynomial(1, 0, 5, 2.0)": ("polynomial", "too many", "positional", "power=1.0"),
    # steps and outputs
    "ramp('x')": (r"s\(step\)", "step", "'x'", "a real number or an array of them"),
    "ramp(True)": (r"s\(step\)", "step", "True", "a real number or an array of them"),
    "ramp(1j)": (r"s\(step\)", "step", "1j", "a real number or an array of them"),
    "ramp(None)": (r"s\(step\)", "step", "None", "a real number or an array of them"),
    "ramp(np.array([True]))": (r"s\(step\)", "dtype", "bool", "convert the array first"),
    "ramp(np.array(['a']))": (r"s\(step\)", "dtype", "<U1", "convert the array first"),
    "ramp.values(-1)": ("values", "steps", "-1", "a whole number of steps, from 0"),
    "constant(1, steps=10**400)": ("constant", "steps", "1000000", "int too large to convert to float"),
    "ramp * 10**400": ("multiply", "operand", "1000000", "int too large to convert to float"),
    "stretch(ramp, 2.0**80).values()": ("values", "steps", "12089258196146291", "a whole number of steps, from 0"),
    "ramp.values(2.5)": ("values", "steps", "2.5", "a whole number of steps, from 0"),
    "ramp.values(start=-1)": ("values", "start", "-1", "a whole number of steps, from 0"),
    "ramp.values(5, dtype=int)": ("values", "dtype", "int", "a float type of NumPy"),
    "ramp.values(5, dtype='nonsense')": ("values", "dtype", "'nonsense'", "a float type of NumPy"),
    "ramp.values(5, out=np.empty(4))": ("values", "out", "array", r"of shape \(5,\)"),
    "ramp.values(5, out=np.empty(5, int))": ("values", "out", "array", "5 floats"),
    "ramp.values(5, out=[0.0] * 5)": ("values", "out", r"\[0.0", "a NumPy array of 5 floats"),
    # counting
    "total_updates(0, 32)": ("total_updates", "samples", "0", "a whole number >= 1"),
    "total_updates(1000, 0)": ("total_updates", "batch_size", "0", "a whole number >= 1"),
    "total_updates(1000, 32, epochs=1.5)": ("total_updates", "epochs", "1.5", "a whole number >= 1"),
    "total_updates(1000, 32, accumulation=True)": ("total_updates", "accumulation", "True", "a whole number >= 1"),
    "total_updates(1000, 32, world_size=-1)": ("total_updates", "world_size", "-1", "a whole number >= 1"),
    "total_updates(1000, 32, drop_last=0)": ("total_updates", "drop_last", "0", "True or False"),
    # terms never change, nodes are checked
    "setattr(ramp, 'steps', 5)": ("Schedule", "steps", "5", "build a new one"),
    "delattr(ramp, 'steps')": ("Schedule", "steps", "10", "build a new one"),
    "Warp(ramp, sc.Time(), -1)": ("Warp", "steps", "-1", "a number of steps >= 0"),
    "Lift('arctan', [ramp])": ("Lift", "op", "'arctan'", "one of add"),
    "Lift('sin', [ramp, ramp])": ("sin", "operands", "2", "takes 1"),
    "Lift(5, [ramp])": ("Lift", "op", "5", "a callable of one number"),
    "named(crowd)": ("named", "function", "crowd", "take a list"),
    "named(options)": ("named", "function", "options", "take a list"),
    "Join([])": ("join", "parts", r"\(\)", "give at least one schedule"),
    "Constant('a')": ("constant", "value", "'a'", "text is not a number"),
    "Constant(True)": ("constant", "value", "True", "a boolean is not a number"),
    "Constant(NAN)": ("constant", "value", "nan", "NaN is not a number"),
    "Warp(ramp, sc.Time(), NAN)": ("Warp", "steps", "nan", "NaN is not a number"),
    "Warp(ramp, sc.Time(), '5')": ("Warp", "steps", "'5'", "text is not a number"),
    # arguments that are nearly right
    "constant(np.bool_(True))": ("constant", "value", "True", "a boolean is not a number"),
    "constant(np.timedelta64(5))": ("constant", "value", "timedelta64", FINITE),
    "linear(0, 1, np.timedelta64(5))": ("linear", "steps", "timedelta64", DURATION),
    "linear(0, 1, ramp)": ("linear", "steps", "linear", DURATION),
    "linear(0, 1, 1j)": ("linear", "steps", "1j", DURATION),
    "linear(0, 1, np.array([5, 6]))": ("linear", "steps", "array", DURATION),
    "linear(0, 1, {})": ("linear", "steps", "{}", DURATION),
    "warmup(ramp, 5, start=None)": ("warmup", "start", "None", FINITE),
    "tanh_decay(1, 0, 5, lower=NAN)": ("tanh_decay", "lower", "nan", FINITE),
    "fit(ramp, INF)": ("fit", "steps", "inf", PERIOD),
    "interpolate([(0, 1, 2)])": ("interpolate", "points", r"\(0, 1, 2\)", r"\(step, value\) pairs"),
    "interpolate([(-1, 1)])": ("interpolate", "points", r"\(-1, 1\)", r"\(step, value\) pairs"),
    "replay(np.zeros((2, 2)))": ("replay", "values", "array", "a list of finite numbers"),
    "replay([True])": ("replay", "values", r"\[True\]", "a boolean is not a number"),
    "replay('12')": ("replay", "values", "'12'", "text is not a list"),
    "multistep(1, 0.5, [1, [2]])": ("multistep", "milestones", r"\[1, \[2\]\]", "a list of steps"),
    "wsd(1, 10, warmup=1, cooldown=1, shape=None)": ("wsd", "shape", "None", "such as linear, cosine"),
    "one_cycle(1, 10, shape=None)": ("one_cycle", "shape", "None", "such as linear, cosine"),
    "cooldown(ramp, 5, 5, shape=sc.join)": ("cooldown", "shape", "join", "such as linear, cosine"),
    "cooldown(ramp, 5, 5, shape=sc.step_decay)": ("cooldown", "shape", "step_decay", "such as linear, cosine"),
    "cooldown(ramp, 5, 5, shape=sc.cycle)": ("cooldown", "shape", "cycle", "such as linear, cosine"),
    "constant(0.1, 100)": ("constant", "positional", "", "steps"),
    "constant(0.1, step=100)": ("constant", "step", "", "call it as constant|steps"),
    # what would overflow
    "sc.constant(1e308) * 10": ("multiply|constant", "", "inf", "finite|smaller"),
    "sc.constant(1e308) ** 2": ("pow", "operands", r"1e\+308, 2", "choose operands inside its domain"),
    "multistep(1, 1e200, [1, 2])": ("multistep", "", r"1e\+200", "choose smaller values"),
    "sgdr(1, 5, 4, scale=1e200)": ("sgdr", "scale", r"1e\+200", "choose smaller values"),
    "sgdr(1, 5, 400, stretch=10.0)": ("sgdr", "steps", "inf", DURATION),
    "repeat(ramp, 400, stretch=10.0)": ("repeat", "stretch", "10.0", "choose smaller values"),
    "one_cycle(1e308, 10, div=1e-10)": ("one_cycle", "start", "inf", FINITE),
    "warmup(1 / sc.Time(), 5)": ("warmup", "end", "inf", FINITE),
    "cooldown(np.log(sc.Time()), 0, 5)": ("cooldown", "start", "-inf", FINITE),
    "constant(10**400)": ("constant", "value", r"10+\.\.\.0+", FINITE),
    # steps, slices, outputs
    "ramp([[1], [2, 3]])": (r"s\(step\)", "step", r"\[\[1\], \[2, 3\]\]", "a real number or an array"),
    "ramp(b'1')": (r"s\(step\)", "step", "b'1'", "a real number or an array of them"),
    "ramp({})": (r"s\(step\)", "step", "{}", "a real number or an array of them"),
    "ramp(np.array([None]))": (r"s\(step\)", "dtype", "object", "convert the array first"),
    "ramp[None]": (r"s\[a:b\]", "index", "None", r"take a part with s\[a:b\]"),
    "ramp[1, 2]": (r"s\[a:b\]", "index", r"\(1, 2\)", r"take a part with s\[a:b\]"),
    "ramp[True:5]": (r"s\[a:b\]", "a", "True", "a boolean is not a number"),
    "ramp[INF:]": ("part", "start", "inf", DURATION),
    "ramp[:-11]": (r"s\[a:b\]", "b", "-11", "reaches back before step 0"),
    "ramp[5:-8]": ("part", "stop", "2", "swap them"),
    "ramp.values(2, dtype=complex)": ("values", "dtype", "complex", "a float type of NumPy"),
    "ramp.values(True)": ("values", "steps", "True", "a boolean is not a number"),
    "ramp.values(5, start='a')": ("values", "start", "'a'", "a whole number of steps, from 0"),
    "ramp.values(5, out=np.empty((5, 1)))": ("values", "out", "array", r"of shape \(5,\)"),
    "ramp.values(5, out=np.broadcast_to(0.5, 5))": ("values", "out", "array", ""),
}  # fmt: skip


@pytest.mark.parametrize("code", BAD)
def test_bad_input_is_refused(code):
    with pytest.raises(sc.ScheduleError) as caught:
        eval(code, SCOPE)  # noqa: S307 -- the table above
    function, *needles = BAD[code]
    message = str(caught.value)
    for needle in (f"^{function}:", *needles):
        assert re.search(needle, message), f"{needle!r} is not in {message!r}"
    assert " at 0x" not in message, "functions are named as one writes them"


def test_there_are_many():
    assert len(BAD) >= 100


@pytest.mark.parametrize("stretch", [1 + 1e-7, math.nextafter(1.0, 2.0)])
def test_endless_rounds_that_hardly_grow_are_refused_or_quick(stretch):
    code = f"import schedules as sc\ntry: print(sc.repeat(sc.linear(0, 1, 10), float('inf'), stretch={stretch!r})(5))"
    code += "\nexcept sc.ScheduleError as fault: print(fault)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=False)  # noqa: S603 -- our own code
    assert done.stdout.startswith(("0.5", "repeat: stretch="))


def test_fractions_that_fill_the_whole_fit_despite_rounding():
    for n in range(20, 200):  # so that each phase has a step
        for part in (0.05, 0.1, 0.2, 0.3, 0.4):
            s = sc.wsd(1.0, n, warmup=part * n, cooldown=(1 - part) * n)
            assert s.steps == pytest.approx(n)
            assert s(part * n) == pytest.approx(1.0)
            assert s(s.steps) == s(n + 1) == 0.0


# -- every recipe on the smallest grids ----------------------------------------------------------------

RECIPES = {
    "wsd": lambda w, d, n: sc.wsd(1.0, n, warmup=w, cooldown=d),
    "wsd cosine": lambda w, d, n: sc.wsd(1.0, n, warmup=w, cooldown=d, shape=sc.cosine),
    "wsd 1-sqrt": lambda w, d, n: sc.wsd(1.0, n, warmup=w, cooldown=d, shape=sc.one_minus_sqrt),
    "trapezoid": lambda w, d, n: sc.trapezoid(1.0, n, warmup=w, cooldown=d),
    "cosine_warmup": lambda w, _, n: sc.cosine_warmup(1.0, n, warmup=w),
    "linear_warmup": lambda w, _, n: sc.linear_warmup(1.0, n, warmup=w),
    "polynomial_warmup": lambda w, d, n: sc.polynomial_warmup(1.0, n, warmup=w, power=d + 0.5),
    "flat_cosine": lambda w, _, n: sc.flat_cosine(1.0, n, flat=w / 4),
    "one_cycle": lambda w, _, n: sc.one_cycle(1.0, n, rise=w / 4),
    "one_cycle three phases": lambda w, _, n: sc.one_cycle(1.0, n, rise=w / 4, three_phase=True),
    "sgdr": lambda w, d, n: sc.sgdr(1.0, n, w, stretch=d),
    "noam": lambda w, d, _: sc.noam(d, w),
    "triangular": sc.triangular,
    "triangular2": sc.triangular2,
    "exp_range": lambda w, d, n: sc.exp_range(w, d, n, rate=0.5),
    "slanted_triangular": lambda w, d, n: sc.slanted_triangular(1.0, n, cut=w / 4, ratio=d),
    "lr_range_test": sc.lr_range_test,
    "power": lambda w, d, _: sc.power(1.0, w, timescale=d),
    "wsd_s": lambda w, d, n: sc.wsd_s(1.0, [n, 2 * n], warmup=w, cooldown=d),
    "chebyshev": sc.chebyshev,
    "warmup": lambda w, d, n: sc.warmup(sc.cosine(1.0, 0.0, n), w, start=d),
    "overlap": lambda w, d, n: sc.warmup(sc.cosine(1.0, 0.0, n), w, start=d, overlap=True),
    "cooldown": lambda w, d, n: sc.cooldown(sc.cosine(1.0, 0.0, n), w, d),
    "retarget": lambda w, d, n: sc.retarget(sc.cosine(1.0, 0.0, n), w, d),
    "interpolate": lambda w, d, n: sc.interpolate([(w, 0.0), (d, 1.0), (n, 0.5)]),
    "multistep": lambda w, d, n: sc.multistep(1.0, 0.5, [w, d, n]),
}


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_smallest_grids_are_finite_or_refused(recipe):
    steps, built = np.arange(8), 0
    for w, d, n in itertools.product(range(5), repeat=3):
        try:
            s = recipe(w, d, n)
        except sc.ScheduleError:
            continue
        one_by_one = [s(step) for step in steps.tolist()]
        assert all(math.isfinite(value) for value in one_by_one), (s, one_by_one)
        np.testing.assert_allclose(s(steps), one_by_one, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(s.values(8), one_by_one, rtol=1e-12, atol=1e-15)
        built += 1
    assert built >= 10


@pytest.mark.parametrize(
    "s",
    [
        sc.constant(0.5),
        sc.linear(0.0, 1.0, 4) >> 0.5,
        2.0 * (sc.linear(0.0, 1.0, 4) >> 0.5),
        sc.minimum(sc.linear(0.0, 1.0, 4) >> 0.5, 0.3),
        sc.clip(sc.linear(0.0, 1.0, 4) >> 0.5, 0.0, 1.0),
    ],
    ids=repr,
)
def test_what_ends_in_a_bare_constant_is_cut_before_something_follows(s):
    with pytest.raises(sc.ScheduleError, match=r"no length|lasts 0 steps"):
        s >> sc.cosine(1.0, 0.0, 3)
    for steps in (s.steps, s.steps + 2):
        joined = s[:steps] >> sc.cosine(1.0, 0.0, 3)
        assert joined.steps == steps + 3
        assert [joined(t) for t in range(steps)] == [s(t) for t in range(steps)]
        assert joined(steps) == 1.0
        assert sc.parse(repr(joined)) == joined
