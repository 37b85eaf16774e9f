"""Finds a Chromium for the browser tests, or gets one: `python -m tests.chromium`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def find_chromium() -> str | None:
    """The machine's own browser, else the one that Playwright downloaded."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    return _downloaded()


def _downloaded() -> str | None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow, and rare

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> None:
    """With apt-get as root, else by Playwright's download."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", "chromium"]):
            subprocess.run(["apt-get", *command], check=False, env=environment)  # noqa: S603, S607
    if find_chromium() is None:
        download = [sys.executable, "-m", "playwright", "install", "chromium"]
        subprocess.run(download, check=False)  # noqa: S603 - our own interpreter


def main() -> None:
    """Say which browser the tests will use; fail with one line if there is none."""
    if find_chromium() is None:
        install()
    found = find_chromium()
    if found is None:
        sys.exit(
            "No Chromium: install it (Debian: apt-get install chromium), then try again."
        )
    sys.stdout.write(f"Browser tests use {found}\n")


if __name__ == "__main__":
    main()
