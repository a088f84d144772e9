"""From a definition to planned runs: resolved, checked, stacked, and estimated."""
