"""Trained networks in use: predictors, ensembles, predictions for a file."""
