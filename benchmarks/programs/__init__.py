"""Whole programs that are measured as processes: the same sweep in other libraries."""
