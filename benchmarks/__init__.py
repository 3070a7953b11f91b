"""Ratios against peers; run with ``python -m benchmarks``."""
