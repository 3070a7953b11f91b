"""The picture of the editor in the README: ``python -m docs.screenshot``, with Playwright and a Chromium."""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from schedules.faces.page import page
from tests.chromium import launched

TARGET = Path(__file__).parent / "_static" / "editor.png"
SHOWN = (
    "wsd(1e-3, 10_000, warmup=500, cooldown=2_000, shape=one_minus_sqrt)",
    "cosine_warmup(1e-3, 10_000, warmup=500)",
)


def main() -> None:
    """Open the page, point at a step, and keep what is seen."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        file.write_text(page(SHOWN))
        browser = launched(playwright)
        tab = browser.new_page(viewport={"width": 860, "height": 640})
        tab.goto(file.as_uri())
        tab.wait_for_selector("table")
        box = tab.locator(".plot svg").bounding_box()
        tab.mouse.move(box["x"] + 0.55 * box["width"], box["y"] + 120)
        tab.screenshot(path=TARGET, full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
