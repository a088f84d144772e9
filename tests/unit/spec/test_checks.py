"""Checks of what fits together that no registered data source can break yet."""

from __future__ import annotations

import pytest

from nnexp.data.dataset import Description
from nnexp.errors import SpecError
from nnexp.spec.checks import check
from nnexp.spec.problems import SpecText
from nnexp.spec.read import load_network_spec
from nnexp.spec.yaml import parse_yaml

PERCEPTRON = SpecText("s.yaml", "data: {source: moons}\narchitecture: [output]\nloss: perceptron\n")


@pytest.mark.parametrize(("outputs", "found"), [(1, 0), (2, 1)])
def test_the_perceptron_takes_one_yes_or_no_output_and_not_several(outputs: int, found: int) -> None:
    description = Description(100, (2,), "binary", tuple("abc"[:outputs]))
    problems = list(check._check_loss(load_network_spec(PERCEPTRON, name="s"), description, parse_yaml(PERCEPTRON)))
    assert len(problems) == found
    assert all("one yes-or-no output" in problem.message for problem in problems)
    assert all((problem.place.line, problem.place.column) == (3, 7) for problem in problems)


@pytest.mark.parametrize(
    ("loss", "own"), [("cross_entropy", "softmax"), ("kl_divergence", "softmax"), ("binary_cross_entropy", "sigmoid")]
)
def test_a_loss_on_logits_says_which_of_the_two_it_applies(loss: str, own: str) -> None:
    text = f"data: {{source: moons}}\narchitecture: [output, softmax]\nloss: {loss}\n"
    with pytest.raises(SpecError, match=f"{loss} takes logits and applies its own {own}"):
        load_network_spec(SpecText("s.yaml", text), name="s")


def test_the_order_of_penalties_in_the_text_means_nothing() -> None:
    text = "data: {{source: moons}}\narchitecture: [output]\nregularization: {{{}}}"
    one, other = (
        load_network_spec(SpecText("spec.yaml", text.format(both)), name="spec")
        for both in ("l1: 0.1, l2: 0.2", "l2: 0.2, l1: 0.1")
    )
    assert one == other
