"""Hypothesis profiles: `ci` by default, `more`, and `thorough` for 10,000 examples per law."""

import os

from hypothesis import HealthCheck, settings

_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
# deadline: the machines that run this are shared, and no law is about time

settings.register_profile("ci", max_examples=100, derandomize=True, **_COMMON)
settings.register_profile("more", max_examples=1_500, **_COMMON)
settings.register_profile("thorough", max_examples=10_000, **_COMMON)
settings.load_profile("ci")

os.environ.setdefault("KERAS_BACKEND", "torch")  # which computes in float64 when asked to; Keras reads it once
