"""Learning-rate schedules, one idea a file."""
