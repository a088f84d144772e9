"""Optimizers, one idea a file."""
