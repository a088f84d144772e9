"""Curves over seeds, by hand."""

from __future__ import annotations

import pytest

from nnexp.reports.html.curves import MAX_DRAWN_EPOCHS, MetricHistory, compute_curve, thin_places
from nnexp.reports.html.figures.labels import move_apart
from nnexp.reports.html.figures.scales import find_cropped_extent


def history(key: int, *losses: float) -> MetricHistory:
    return MetricHistory(key, [{"epoch": float(at), "dev_loss": loss} for at, loss in enumerate(losses, start=1)])


def test_the_band_is_the_t_interval_of_the_mean_over_seeds() -> None:
    found = compute_curve([history(0, 1.0, 0.5), history(1, 2.0, 0.5), history(2, 3.0, 0.5)], "dev_loss")
    first, second = found.means
    # t(2, 0.975) = 4.30265, s = 1: 4.30265 / √3 = 2.48414
    assert (first.value, first.n) == (2.0, 3)
    assert first.low == pytest.approx(2 - 2.48414, abs=1e-5)
    assert first.high == pytest.approx(2 + 2.48414, abs=1e-5)
    assert (second.value, second.half_width) == (0.5, None)


def test_one_run_has_a_line_and_no_band() -> None:
    found = compute_curve([history(0, 1.0, 0.5)], "dev_loss")
    assert [(mean.value, mean.half_width) for mean in found.means] == [(1.0, None), (0.5, None)]


def test_a_curve_ends_where_the_first_of_its_runs_stopped() -> None:
    found = compute_curve([history(0, 3.0, 2.0, 1.0), history(1, 5.0, 4.0)], "dev_loss")
    assert found.epochs == (1, 2)
    assert [mean.value for mean in found.means] == [4.0, 3.0]
    assert found.is_cut


def test_the_seeds_of_a_fold_are_averaged_first_and_folds_overlap() -> None:
    found = compute_curve([history(0, 1.0), history(0, 3.0), history(1, 4.0)], "dev_loss", overlap=0.5)
    [mean] = found.means
    assert (mean.n, mean.value) == (2, 3.0)
    # t(1, 0.975) = 12.7062, s = √2, √(1/2 + 1/2) = 1
    assert mean.half_width == pytest.approx(12.7062 * 2**0.5, rel=1e-5)


def test_a_run_that_diverged_leaves_the_mean_where_it_is_not_finite() -> None:
    [first, second] = compute_curve([history(0, 1.0, float("nan")), history(1, 3.0, 2.0)], "dev_loss").means
    assert (first.value, first.n) == (2.0, 2)
    assert (second.value, second.n, second.dropped) == (2.0, 1, 1)


def test_a_column_that_no_run_has_gives_nothing() -> None:
    assert compute_curve([history(0, 1.0)], "dev_accuracy").epochs == ()
    assert compute_curve([], "dev_loss").epochs == ()


def test_thinning_keeps_measured_epochs_the_first_and_the_last() -> None:
    assert thin_places(7, 3) == [0, 3, 6]
    assert thin_places(400, 5) == [0, 100, 200, 299, 399]  # 399 · k / 4 = 99.75, 199.5, 299.25
    for count in (1, 59, 60, 61, 1000):
        places = thin_places(count, MAX_DRAWN_EPOCHS)
        assert places == sorted(set(places))
        assert (places[0], places[-1], len(places)) == (0, count - 1, min(count, 60))


def test_an_axis_of_shares_leaves_out_low_beginnings_only_where_they_take_most_of_the_room() -> None:
    rising = [0.1, 0.5, *[0.9] * 8, *[1.0] * 10]  # a fifth lies at 0.9 or below: begin at 0.9 - 0.5 · 0.1
    assert find_cropped_extent(rising) == pytest.approx((0.85, 1.0 + 0.04 * 0.15))
    assert find_cropped_extent([0.1, 0.3, 0.5, 0.7, 0.9]) is None
    assert find_cropped_extent([0.5, 0.5]) is None


def test_names_that_would_overlap_are_moved_apart_in_order_and_kept_inside() -> None:
    assert move_apart([0.2, 0.8], 0.1) == [0.2, 0.8]
    assert move_apart([0.99, 0.98, 0.5], 0.1) == pytest.approx([1.0, 0.9, 0.5])
    assert move_apart([0.0, 0.0, 0.0], 0.1) == pytest.approx([0.0, 0.1, 0.2])
