"""Normalisations of the inputs, one idea a file."""
