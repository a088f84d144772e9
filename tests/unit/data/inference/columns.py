"""Columns of many kinds, written entry by entry."""

from __future__ import annotations

import random
from collections.abc import Callable

COLUMNS: dict[str, Callable[[random.Random, int], str]] = {
    "number": lambda draw, row: f"{draw.gauss(0, 9):.3f}",
    "whole number": lambda draw, row: str(draw.randint(0, 500)),
    "code": lambda draw, row: str(draw.randint(1, 4)),
    "constant": lambda draw, row: "7",
    "empty": lambda draw, row: "",
    "row number": lambda draw, row: str(row),
    "category": lambda draw, row: draw.choice(["red", "green", "none", "-"]),
    "many levels": lambda draw, row: f"town {draw.randint(1, 40)}",
    "yes or no": lambda draw, row: draw.choice(["Yes", "No"]),
    "sign": lambda draw, row: draw.choice("+-"),
    "bit": lambda draw, row: draw.choice("01"),
    "gaps": lambda draw, row: draw.choice(["", "NA", "?", str(draw.randint(0, 99))]),
    "none": lambda draw, row: draw.choice(["none", *map(str, range(20))]),
    "sentinel": lambda draw, row: draw.choice(["-999", *[f"{draw.random():.3f}"] * 4]),
    "nearly empty": lambda draw, row: str(row) if row in (3, 17) else "",
    "date": lambda draw, row: f"2024-{1 + row % 12:02d}-{1 + row % 28:02d}",
    "day": lambda draw, row: f"{row % 28 + 1}.{row // 28 % 12 + 1}.2024",
    "comma": lambda draw, row: f"{draw.random():.2f}".replace(".", ","),
    "thousands": lambda draw, row: f"{draw.random() * 1e6:,.1f}",
    "percent": lambda draw, row: f"{draw.random() * 100:.1f} %",
    "text": lambda draw, row: " ".join(draw.choices(["a", "b", "c", "d", "e"], k=9)),
    "quoted": lambda draw, row: f'say "{draw.choice("ab")}",\nplease',
    "code with zeros": lambda draw, row: f"{draw.randint(1, 99):05d}",
    "patient": lambda draw, row: f"P{row // 4}",
    "mixed": lambda draw, row: draw.choice(["12", "12a", "x"]),
    "infinite": lambda draw, row: draw.choice(["1.5", "2.5", "3.25"]),
}
