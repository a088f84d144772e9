"""Metrics, one a file; `base.py` is the contract."""
