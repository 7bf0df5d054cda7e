"""Print the path of a Chromium that the tests can drive; nothing when there is none.

    python tests/browser/find_browser.py [--install]

--install: get one when there is none: Debian's package where this user may install it, else Playwright's own. With CI=true it fails when that fails.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WITHOUT = "No Chromium was found or could be installed: the browser tests will be skipped. Install one, or name it in VOICEGRAPH_BROWSER."


def find() -> str | None:
    """VOICEGRAPH_BROWSER, else a browser of the system that starts, else one that Playwright has downloaded."""
    if chosen := os.environ.get("VOICEGRAPH_BROWSER"):
        return chosen
    candidates = [*map(shutil.which, NAMES), _of_playwright()]
    return next((path for path in candidates if path and _starts(path)), None)


def install() -> None:
    """Try both ways, the system's first, and say which."""
    for say, commands in (
        ("Debian's package chromium", _apt()),
        ("Playwright's Chromium", [[sys.executable, "-m", "playwright", "install", "chromium"]]),
    ):
        if commands:
            sys.stderr.write(f"There is no Chromium for the browser tests: installing {say}\n")
        for command in commands:
            if subprocess.run(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False).returncode:
                break
        if find():
            return


def _apt() -> list[list[str]]:
    if shutil.which("apt-get") is None:
        return []
    if os.geteuid() == 0:
        become = []
    elif shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        become = ["sudo", "-n"]
    else:
        return []
    apt = [*become, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    return [[*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", "chromium"]]


def _of_playwright() -> str | None:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _starts(path: str) -> bool:
    """Ubuntu's chromium-browser is there without being there: a script that asks for a snap."""
    try:
        return subprocess.run([path, "--version", "--no-sandbox"], capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def main() -> int:
    if find() is None and "--install" in sys.argv:
        install()
    path = find()
    if path is not None:
        sys.stdout.write(f"{path}\n")
    elif "--install" in sys.argv:
        sys.stderr.write(f"{WITHOUT}\n")
        return 1 if os.environ.get("CI") == "true" else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
