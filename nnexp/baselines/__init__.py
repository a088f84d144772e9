"""Classical methods that networks are compared with: fitted at once, without epochs."""
