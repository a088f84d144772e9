"""What changes the weights: optimizers, learning-rate schedules, clipping, and the objective they look at."""
