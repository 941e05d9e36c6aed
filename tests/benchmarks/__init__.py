"""How fast the extension is, beside views written by hand: `python -m tests.benchmarks`.

Pytest collects nothing here. Every figure is a ratio of two subjects that took turns in one run, so
that a busy or a slow machine makes it noisier, but not another one.
"""
