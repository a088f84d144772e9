"""What a run has learned and how it went, in the formats of other tools: ONNX, NumPy's .npz, TensorBoard's events."""
