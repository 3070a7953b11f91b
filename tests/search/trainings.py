"""Real trainings, short ones: SGD on a noisy quadratic."""

import json

import numpy as np

from schedules.search import Space

STEPS = 300
CURVATURES = np.geomspace(1.0, 0.01, 20)
CONFIG = json.dumps(
    {
        "steps": STEPS,
        "schedule": "choice(cosine(loguniform(0.01, 1.5), 0, steps), wsd(loguniform(0.01, 1.5), steps, warmup=0, "
        "cooldown=uniform(0.1, 1.0) * steps))",
    }
)


def space_of(config):
    """The space that a config writes."""
    given = json.loads(config)
    return Space(given["schedule"], steps=given["steps"])


def trained(s):
    """The mean last loss of 16 runs of SGD with this schedule."""
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((STEPS, 16, len(CURVATURES)))
    x = np.ones((16, len(CURVATURES)))
    for rate, errors in zip(s.values(STEPS).tolist(), noise, strict=True):
        x = x - rate * (CURVATURES * x + 0.3 * errors)
    return float(np.mean(np.sum(CURVATURES * x**2, 1)) / 2)
