"""How large the page of a report is, how long it takes to make, and how long a browser takes to open it.

Of 200 runs: 40 variants of a small network on digits with five seeds, 12 epochs each, trained first. Opened means from
the navigation to the last figure drawn, in a headless Chromium, in a new context each time; beside it an empty page.
`--runs DIR` keeps the runs and takes them as they are the next time.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROUNDS = 9

SPEC = Path(__file__).parent.parent / "configs" / "adam_bn.yaml"

GRID = (
    "training.epochs=12",
    "optimizer.adam.lr=1e-4,3e-4,1e-3,3e-3,1e-2",
    "activation=relu,tanh",
    "training.batch_size=32,128",
    "regularization.l2=0,1e-3",
    "seed=0..4",
)


def run_nnexp(*arguments: str) -> float:
    """Run a command; gives the seconds that it took."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "nnexp", *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def measure_opening(browser: Browser, path: Path) -> float:
    """Seconds from the navigation to the last figure."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    began = time.perf_counter()
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-drawn]", state="attached")
    seconds = time.perf_counter() - began
    context.close()
    return seconds


def measure_page(folder: Path, runs: Path) -> None:
    if not runs.is_dir():
        run_nnexp("sweep", str(SPEC), *GRID, "--runs", str(runs), "-q")
    page, empty = folder / "report.html", folder / "empty.html"
    empty.write_text('<!doctype html><html data-drawn="0"><title>empty</title>')
    [sweep] = (runs / "sweeps").iterdir()
    alone, whole = (run_nnexp("report", str(sweep), *words) for words in ((), ("--html", str(page))))
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
        browser = playwright.chromium.launch(executable_path=path, args=["--headless", "--no-sandbox", "--disable-gpu"])
        times = [(measure_opening(browser, page), measure_opening(browser, empty)) for _ in range(ROUNDS + 1)][1:]
        browser.close()
    own, nothing = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"| a page of {len(list(runs.glob('*/run.json')))} runs | |\n|---|---|")
    print(f"| size | {page.stat().st_size / 1e6:.2f} MB |")
    print(f"| `nnexp report`, and with `--html` | {alone:.1f} s, {whole:.1f} s |")
    print(f"| opened, median and longest of {ROUNDS} | {own:.2f} s, {max(time for time, _ in times):.2f} s |")
    print(f"| an empty page | {nothing:.2f} s |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path)
    given = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as scratch:
        measure_page(Path(scratch), given or Path(scratch) / "runs")
