"""Readers of files in which people keep their data."""
