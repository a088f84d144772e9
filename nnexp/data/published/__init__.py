"""Readers of the published image sets, whose files are not trusted."""
