"""What a trained network says of examples, where the command-line tests cannot reach."""

from __future__ import annotations

import numpy as np
import pytest

from nnexp.data.dataset import Description
from nnexp.prediction.predictor import TrainedNetwork
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec


@pytest.mark.parametrize(
    ("loss", "yes"),
    [
        ("perceptron", [False, True, True]),
        ("binary_cross_entropy", [False, True, True]),
        ("squared_error", [False, False, True]),
    ],
)
def test_yes_is_a_positive_score_a_probability_above_a_half_or_a_value_above_a_half(loss: str, yes: list[bool]) -> None:
    """One linear unit with weight 1, so that the outputs are the inputs."""
    spec = load_network_spec(
        SpecText("s.yaml", f"data: {{source: moons}}\narchitecture: [output]\nloss: {loss}\n"), name="s"
    )
    one = Description(3, (1,), "binary", ("yes",))
    network = TrainedNetwork(spec, one, np.zeros(1), np.ones(1), np.array([[1.0, 0.0]]), np.zeros((1, 0)))
    assert network.predict(np.array([[-0.4], [0.4], [0.6]])).ravel().tolist() == yes
