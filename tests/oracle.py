"""The textbook equations to 40 digits and more: what every evaluator is measured against.

Functions have the names and the arguments of the library's curves and recipes, so that one expression,
``m.cosine(1.0, 0.0, n)``, makes both. Nothing here calls the library; floats are taken as the exact
numbers that they are, and all that is derived from them is exact arithmetic.
"""

import itertools

import mpmath

mp = mpmath.MPContext()  # a context of our own: no global precision is changed
mp.dps = 100  # the equations cancel near their ends; 40 digits are left wherever we look
mpf = mp.mpf


class Exact:
    """An equation in t, held within [0, steps]; `knots` are times worth looking at."""

    def __init__(self, equation, steps=mp.inf, knots=()):
        self.equation = equation
        self.steps = mpf(steps)
        self.knots = [mpf(knot) for knot in knots]

    def __call__(self, t):
        """The value at a number, to 40 digits."""
        return mpf(self.equation(min(max(mpf(t), mpf(0)), self.steps)))


def join(*parts):
    """One after the other; at a knot the later part counts."""
    knots = list(itertools.accumulate((part.steps for part in parts), initial=mpf(0)))

    def equation(t):
        place = max(i for i in range(len(parts)) if knots[i] <= t)
        return parts[place](t - knots[place])

    return Exact(equation, knots[-1], knots[1:-1])


# -- curves ------------------------------------------------------------------------------------------


def constant(value, *, steps=mp.inf):
    """The value."""
    return Exact(lambda _: value, steps)


def linear(start, end, steps):
    """The straight line."""
    a, b = mpf(start), mpf(end)
    return Exact(lambda t: a + (b - a) * t / steps, steps)


def polynomial(start, end, steps, *, power=1.0):
    """Chen et al. 2016: (1 - t/n)**power."""
    a, b = mpf(start), mpf(end)
    return Exact(lambda t: b + (a - b) * (1 - t / steps) ** mpf(power), steps)


def cosine(start, end, steps):
    """Loshchilov and Hutter 2017, equation 5."""
    a, b = mpf(start), mpf(end)
    return Exact(lambda t: b + (a - b) * (1 + mp.cos(mp.pi * t / steps)) / 2, steps)


def exponential(start, end, steps):
    """Geometric interpolation."""
    a, b = mpf(start), mpf(end)
    return Exact(lambda t: a * (b / a) ** (t / steps), steps)


def one_minus_sqrt(start, end, steps):
    """Haegele et al. 2024, equation 1: 1 - sqrt(t/n)."""
    a, b = mpf(start), mpf(end)
    return Exact(lambda t: b + (a - b) * (1 - mp.sqrt(t / steps)), steps)


def tanh_decay(start, end, steps, *, lower=-6.0, upper=3.0):
    """Hsueh, Li and Wu 2019, equation 3."""
    a, b, low, high = mpf(start), mpf(end), mpf(lower), mpf(upper)
    return Exact(lambda t: b + (a - b) / 2 * (1 - mp.tanh(low + (high - low) * t / steps)), steps)


def rex(start, end, steps):
    """Chen, Wolfe and Kyrillidis 2022, section 3: z / (1/2 + z/2) for z = 1 - t/n."""
    a, b = mpf(start), mpf(end)
    return Exact(lambda t: b + (a - b) * (1 - t / steps) / (mpf(1) / 2 + (1 - t / steps) / 2), steps)


def k_decay(start, end, steps, *, k=1.0):
    """Zhang and Li 2020: the cosine of pi * (t/n)**k."""
    a, b = mpf(start), mpf(end)
    return Exact(lambda t: b + (a - b) * (1 + mp.cos(mp.pi * (t / steps) ** mpf(k))) / 2, steps)


def exponential_decay(start, rate, *, every=1):
    """The rate to the power of t/every."""
    return Exact(lambda t: mpf(start) * mpf(rate) ** (t / every))


def inverse_sqrt(start, *, timescale):
    """Vaswani et al. 2017: the square root of timescale / (timescale + t)."""
    return Exact(lambda t: mpf(start) * mp.sqrt(timescale / (timescale + t)), knots=[timescale])


def inverse_time(start, rate, *, every=1):
    """1 / (1 + rate * t/every)."""
    return Exact(lambda t: mpf(start) / (1 + mpf(rate) * t / every))


def step_decay(start, factor, every):
    """A factor each `every` steps."""
    return Exact(lambda t: mpf(start) * mpf(factor) ** mp.floor(t / every), knots=[every, 2 * every, 5 * every])


def multistep(start, factor, milestones):
    """A factor at each milestone."""
    return Exact(lambda t: mpf(start) * mpf(factor) ** sum(m <= t for m in milestones), knots=milestones)


def piecewise(values, boundaries):
    """A value between each two boundaries."""
    return Exact(lambda t: values[sum(b <= t for b in boundaries)], knots=boundaries)


def interpolate(points):
    """Straight lines through points."""
    steps, values = ([mpf(x) for x in column] for column in zip(*points, strict=True))

    def equation(t):
        place = sum(step <= t for step in steps)
        if place in (0, len(steps)):
            return values[0] if place == 0 else values[-1]
        x = (t - steps[place - 1]) / (steps[place] - steps[place - 1])
        return values[place - 1] + (values[place] - values[place - 1]) * x

    return Exact(equation, steps[-1], steps[:-1])


def replay(values, *, interpolate=True):
    """One value a step, straight lines between."""

    def equation(t):
        place = min(int(t), len(values) - 1)
        here, there = mpf(values[place]), mpf(values[min(place + 1, len(values) - 1)])
        return here + (there - here) * (t - place) * interpolate

    return Exact(equation, len(values))


# -- recipes -----------------------------------------------------------------------------------------


def wsd(peak, steps, *, warmup, cooldown, start=0.0, end=0.0, shape=linear):
    """Hu et al. 2024, section 4."""
    stable = constant(peak, steps=steps - warmup - cooldown)
    return join(linear(start, peak, warmup), stable, shape(peak, end, cooldown))


def trapezoid(peak, steps, *, warmup, cooldown):
    """Xing et al. 2018: the least of the peak and two lines."""
    lines = Exact(lambda t: mpf(peak) * min(t / warmup, 1, (steps - t) / mpf(cooldown)), steps)
    lines.knots = [mpf(warmup), mpf(steps - cooldown)]
    return lines


def cosine_warmup(peak, steps, *, warmup, start=0.0, end=0.0):
    """A line, then half a cosine."""
    return join(linear(start, peak, warmup), cosine(peak, end, steps - warmup))


def linear_warmup(peak, steps, *, warmup, start=0.0, end=0.0):
    """Devlin et al. 2018, appendix A.2: two lines."""
    return join(linear(start, peak, warmup), linear(peak, end, steps - warmup))


def polynomial_warmup(peak, steps, *, warmup, power=1.0, start=0.0, end=0.0):
    """A line, then the polynomial."""
    return join(linear(start, peak, warmup), polynomial(peak, end, steps - warmup, power=power))


def flat_cosine(peak, steps, *, flat=0.75, end=0.0):
    """Howard and Gugger 2020: flat, then half a cosine."""
    level = mpf(flat) * steps
    return join(constant(peak, steps=level), cosine(peak, end, steps - level))


def one_cycle(peak, steps, *, rise=0.3, div=25.0, final_div=1e4, shape=cosine, three_phase=False):
    """Smith and Topin 2018."""
    up, first = mpf(rise) * steps, mpf(peak) / mpf(div)
    last = first / mpf(final_div)
    if three_phase:
        return join(shape(first, peak, up), shape(peak, first, up), shape(first, last, steps - 2 * up))
    return join(shape(first, peak, up), shape(peak, last, steps - up))


def sgdr(start, steps, times, *, end=0.0, stretch=1.0, scale=1.0):
    """Loshchilov and Hutter 2017, equation 5, with T_i = stretch**i * T_0 and a start scaled in each round."""
    return join(*(cosine(mpf(scale) ** i * mpf(start), end, mpf(stretch) ** i * steps) for i in range(times)))


def noam(model_size, warmup, *, factor=1.0):
    """Vaswani et al. 2017, equation 3."""

    def equation(t):
        return min(1 / mp.sqrt(t), t * mpf(warmup) ** mpf(-1.5)) if t else mpf(0)

    return Exact(lambda t: mpf(factor) / mp.sqrt(model_size) * equation(t), knots=[warmup])


def triangular(low, high, steps):
    """Smith 2017: the triangle of ``x = abs(t/n - 2 * cycle + 1)``."""
    return _triangles(low, high, steps, lambda _t, _cycle: 1)


def triangular2(low, high, steps):
    """Smith 2017: half as high in each cycle."""
    return _triangles(low, high, steps, lambda _t, cycle: mpf(2) ** (1 - cycle))


def exp_range(low, high, steps, *, rate):
    """Smith 2017: the height shrinks with every step."""
    return _triangles(low, high, steps, lambda t, _cycle: mpf(rate) ** t)


def _triangles(low, high, steps, height):
    def equation(t):
        cycle = mp.floor(1 + t / (2 * steps))
        x = abs(t / steps - 2 * cycle + 1)
        return mpf(low) + (mpf(high) - mpf(low)) * max(0, 1 - x) * height(t, cycle)

    return Exact(equation, knots=[steps * i for i in (1, 2, 3, 4, 7)])


def slanted_triangular(peak, steps, *, cut=0.1, ratio=32.0):
    """Howard and Ruder 2018, equation 3, with a cut that is not rounded."""
    top, width = mpf(cut) * steps, mpf(ratio)

    def equation(t):
        p = t / top if t < top else 1 - (t - top) / (top * (1 / mpf(cut) - 1))
        return mpf(peak) * (1 + p * (width - 1)) / width

    return Exact(equation, steps, [top])


def lr_range_test(low, high, steps, *, shape=exponential):
    """Smith 2017, section 3.3: a sweep."""
    return shape(low, high, steps)


def power(peak, exponent, *, timescale):
    """Shen et al. 2024, section 4, from the end of a warmup on."""
    return Exact(lambda t: mpf(peak) * ((t + timescale) / mpf(timescale)) ** -mpf(exponent), knots=[timescale])


def wsd_s(peak, milestones, *, warmup, cooldown, start=0.0, end=0.0, shape=linear):
    """Wen et al. 2024: WSD, and again from the peak."""
    parts = [linear(start, peak, warmup)]
    for begin, stop in itertools.pairwise((0, *milestones)):
        parts += [constant(peak, steps=stop - begin - cooldown - (0 if begin else warmup)), shape(peak, end, cooldown)]
    return join(*parts)


def chebyshev(start, end, steps, *, fractal=False):
    """Young 1953: the k-th is 2 / (M + m - (M - m) * cos(pi * (2k + 1) / (2n))); Agarwal et al. 2021 reorder them."""
    small, large = 1 / mpf(start), 1 / mpf(end)
    order = [1]
    while len(order) < steps and fractal:
        order = [place for early in order for place in (early, 2 * len(order) + 1 - early)]

    def equation(t):
        k = order[min(int(t), steps - 1)] - 1 if fractal else min(t, steps - mpf(1) / 2)
        return 2 / (large + small - (large - small) * mp.cos(mp.pi * (2 * k + 1) / (2 * mpf(steps))))

    return Exact(equation, steps, range(1, steps) if fractal else ())
