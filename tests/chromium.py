"""A Chromium for tests and pictures, driven by Playwright: it asks nothing of the network by itself.

The path of the browser is CHROMIUM in the environment, else that which is found; without any, Playwright's own.
"""

import os
import shutil

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launched(playwright):
    """A browser."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    return playwright.chromium.launch(executable_path=path, args=FLAGS)
