"""The widget in a live JupyterLab and in marimo, a drag there read back in Python.

``pip install playwright jupyterlab marimo anywidget``, a Chromium, and ``pytest -n 0 tests/notebooks.py``.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from chromium import launched
from playwright.sync_api import sync_playwright

from schedules import parse

WSD = "wsd(0.001, 10000, warmup=500, cooldown=2000)"
PATIENCE = 120_000  # ms: of the first start of a server


@pytest.fixture
def tab():
    with sync_playwright() as playwright:
        browser = launched(playwright)
        page = browser.new_page(viewport={"width": 1200, "height": 1400})
        page.set_default_timeout(PATIENCE)
        page.faults = []
        page.on("pageerror", lambda fault: page.faults.append(str(fault)))
        yield page
        browser.close()


@pytest.fixture
def serve(tmp_path):
    """What starts a server in a folder and waits for it; it is ended with the test."""
    servers = []

    def start(*command):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        log = (tmp_path / "log.txt").open("w")
        words = [word.format(port=port) for word in command]
        servers.append(subprocess.Popen([sys.executable, "-m", *words], cwd=tmp_path, stdout=log, stderr=log))  # noqa: S603 -- ours
        address = f"http://127.0.0.1:{port}"
        for _ in range(240):
            try:
                urllib.request.urlopen(address, timeout=5)
                return address
            except OSError:
                time.sleep(0.5)
        raise AssertionError((tmp_path / "log.txt").read_text())

    yield start
    for server in servers:
        server.terminate()
        server.wait(30)


def drag(tab):
    """Pull the end of the warmup to the right and down."""
    handle = tab.locator(".schedule-editor .handle").nth(1)
    handle.scroll_into_view_if_needed()
    box = handle.locator(".dot").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 30, y + 20)
    tab.mouse.move(x + 60, y + 60)
    tab.mouse.up()
    tab.wait_for_timeout(1_000)
    return tab.locator(".schedule-editor textarea").first.input_value()


def check(text):
    """The text after the drag: warmup and peak moved, nothing else."""
    before, after = parse(WSD).arguments, parse(text).arguments
    assert {name for name in after if after[name] != before[name]} == {"warmup", "peak"}


def test_jupyterlab(tab, serve, tmp_path):
    sources = [
        f"from schedules import parse\nw = parse('{WSD}').widget()\nw",
        "print('now:', w.schedule)",
        "w.schedule = w.schedule.replace(peak=0.5)\nprint('set:', w.schedule)",
    ]
    cells = [
        {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, "id": f"c{k}"}
        for k, source in enumerate(sources)
    ]
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = {"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "book.ipynb").write_text(json.dumps(book))
    options = "--no-browser --allow-root --ServerApp.port={port} --IdentityProvider.token= --ServerApp.password="
    address = serve("jupyterlab", *options.split(), "--ServerApp.open_browser=False", "--expose-app-in-browser")
    tab.goto(f"{address}/lab/tree/book.ipynb")
    tab.locator(".jp-CodeCell").first.click()
    tab.wait_for_timeout(3_000)
    tab.keyboard.press("Shift+Enter")
    tab.wait_for_selector(".schedule-editor .handle")
    text = drag(tab)
    check(text)
    tab.locator(".jp-CodeCell").nth(1).locator(".jp-InputArea").click()
    tab.keyboard.press("Shift+Enter")
    tab.get_by_text(f"now: {parse(text)!r}").wait_for()
    tab.keyboard.press("Shift+Enter")
    tab.get_by_text("set: wsd(0.5").wait_for()
    tab.wait_for_timeout(500)
    assert tab.locator(".schedule-editor textarea").first.input_value() == repr(parse(text).replace(peak=0.5))
    assert not [fault for fault in tab.faults if "schedule" in fault.lower()]
    if path := os.environ.get("PICTURE"):
        tab.screenshot(path=f"{path}-jupyterlab.png")


MARIMO = f"""
import marimo

app = marimo.App()


@app.cell
def _():
    import marimo as mo
    from schedules import parse

    w = mo.ui.anywidget(parse("{WSD}").widget())
    w
    return mo, w


@app.cell
def _(mo, w):
    w.value
    mo.md(f"now: {{w.widget.schedule}}")
    return


if __name__ == "__main__":
    app.run()
"""


def test_marimo(tab, serve, tmp_path):
    (tmp_path / "book.py").write_text(MARIMO)
    address = serve(
        "marimo", *["run", "book.py", "--headless", "--no-token", "--host", "127.0.0.1", "--port", "{port}"]
    )
    tab.goto(address)
    tab.wait_for_selector(".schedule-editor .handle")
    tab.get_by_text(f"now: {WSD}").wait_for()
    text = drag(tab)
    check(text)
    tab.get_by_text(f"now: {parse(text)!r}").wait_for()
    assert not [fault for fault in tab.faults if "schedule" in fault.lower()]
    if path := os.environ.get("PICTURE"):
        tab.screenshot(path=f"{path}-marimo.png")
