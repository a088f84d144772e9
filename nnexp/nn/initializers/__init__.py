"""Initialisers of weights, one idea a file."""
