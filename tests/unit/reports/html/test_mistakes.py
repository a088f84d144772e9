"""The worst mistakes, filters and images, by hand."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from nnexp.data.sources.digits import Digits
from nnexp.data.sources.moons import Moons
from nnexp.reports.html.images import encode_filters, encode_image, encode_png, find_image_shape, find_pixel_range
from nnexp.reports.html.mistakes import Mistake, MistakeTally


def opened(url: str) -> Image.Image:
    assert url.startswith("data:image/png;base64,")
    return Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))


def test_scores_are_averaged_over_runs_and_the_furthest_from_right_come_first() -> None:
    tally = MistakeTally()
    examples, true = np.array([4, 7, 9]), np.array([0, 0, 1])
    tally.add_run(examples, np.array([[0.25, 0.75], [0.0, 1.0], [0.2, 0.8]]), true)
    tally.add_run(examples, np.array([[0.25, 0.75], [0.75, 0.25], [0.1, 0.9]]), true)
    tally.add_run(examples, np.array([[0.25, 0.75], [0.0, 1.0], [0.1, 0.9]]), true)
    # both have 0.25 and 0.75 on the mean; example 4 is wrong in all three runs, example 7 is right in one
    found = tally.find_worst(5)
    assert [(one.example, one.true, one.predicted, one.wrong_runs, one.run_count) for one in found] == [
        (4, 0, 1, 3, 3),
        (7, 0, 1, 2, 3),
    ]
    assert [(one.predicted_score, one.true_score) for one in found] == [(0.75, 0.25)] * 2
    assert tally.count_mistakes() == 2


def test_the_wrong_class_that_is_furthest_ahead_comes_first_and_no_more_are_given_than_asked_for() -> None:
    tally = MistakeTally()
    scores = np.array([[0.4, 0.6, 0.0], [0.1, 0.9, 0.0], [0.0, 0.3, 0.7]])
    tally.add_run(np.array([1, 2, 3]), scores, np.array([0, 0, 0]))
    assert [one.example for one in tally.find_worst(2)] == [2, 3]
    assert tally.count_mistakes() == 3


def test_an_example_that_is_wrong_in_one_run_and_right_on_the_mean_is_no_mistake() -> None:
    tally = MistakeTally()
    for scores in ([0.4, 0.6], [0.9, 0.1]):
        tally.add_run(np.array([3]), np.array([scores]), np.array([0]))
    assert tally.find_worst(5) == []


def test_examples_of_different_folds_are_counted_apart() -> None:
    tally = MistakeTally()
    tally.add_run(np.array([1]), np.array([[0.0, 1.0]]), np.array([0]))
    tally.add_run(np.array([2]), np.array([[0.2, 0.8]]), np.array([0]))
    assert tally.find_worst(1) == [Mistake(1, 0, 1, 1.0, 0.0, 1, 1)]
    assert tally.count_mistakes() == 2


def test_a_png_has_the_pixels_that_were_given_enlarged() -> None:
    pixels = np.arange(2 * 3, dtype=np.uint8).reshape(2, 3, 1) * 40
    image = opened(encode_png(pixels))
    assert (image.size, image.mode) == ((54, 36), "L")  # 56 // 3 = 18 times as large
    assert np.asarray(image)[::18, ::18].tolist() == pixels[..., 0].tolist()
    colours = opened(encode_png(np.full((70, 2, 3), (1, 2, 3), np.uint8)))
    assert (colours.size, colours.getpixel((1, 5))) == ((2, 70), (1, 2, 3))


def test_images_are_scaled_from_the_least_value_of_the_set_to_the_largest() -> None:
    assert find_pixel_range(np.array([0, 16], np.uint8)) == (0, 16)
    assert find_pixel_range(np.array([3, 250], np.uint8)) == (0, 255)
    assert find_pixel_range(np.array([-1.5, np.nan, 2.0])) == (-1.5, 2.0)
    image = np.asarray(opened(encode_image(np.array([[[0.0], [8.0]], [[16.0], [np.nan]]]), 0, 16)))
    assert image[::28, ::28].tolist() == [[0, 128], [255, 0]]


def test_the_zero_of_a_filter_is_grey_and_its_largest_weight_black_or_white() -> None:
    W = np.array([[0.0, 1.0], [2.0, 1.0], [-4.0, 1.0], [0.0, 1.0]])  # (H W C, F)
    first, second = encode_filters(W, (2, 2, 1))
    assert np.asarray(opened(first))[::28, ::28].tolist() == [[128, 191], [0, 128]]
    assert np.asarray(opened(second)).min() == 255


def test_rows_of_numbers_are_images_where_their_source_knows_them_as_such() -> None:
    assert find_image_shape(Digits(), (64,)) == (8, 8, 1)
    assert find_image_shape(Digits(flat=False), (8, 8, 1)) == (8, 8, 1)
    assert find_image_shape(Moons(), (2,)) is None
