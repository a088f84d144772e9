"""The spec front: YAML text to positions, to a validated spec, to components; and back to text."""
