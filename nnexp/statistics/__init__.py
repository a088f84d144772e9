"""Comparing variants over seeds: means, paired differences, corrections, and what more seeds would show."""
