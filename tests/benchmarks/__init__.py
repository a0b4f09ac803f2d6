"""Ratios, hangs and import cost; run with ``python -m tests.benchmarks``."""
