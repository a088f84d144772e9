"""Data: sources, splits, normalisation, batches."""
