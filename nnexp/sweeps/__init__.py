"""Sweeps: which runs shall exist, and what makes them exist, once each."""
