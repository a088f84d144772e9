"""A network before its training: what its layers give, and which gradients come back."""
