"""From a spec to a finished folder: a run alone, runs trained together, a baseline."""
