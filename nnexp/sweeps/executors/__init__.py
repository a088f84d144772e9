"""Where stacks are trained: on this machine, or on a cluster."""
