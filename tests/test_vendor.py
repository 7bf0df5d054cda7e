"""What is vendored is what the lock file says, and its licences come along."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
VENDOR = ROOT / "web" / "vendor"
LOCK = ROOT / "tools" / "codemirror" / "package-lock.json"


def _bundled() -> dict[str, str]:
    """Package → version, from the head of the bundle."""
    head = (VENDOR / "codemirror.js").read_text(encoding="utf-8").partition("*/")[0]
    return dict(re.findall(r"^ \* (\S+) (\d\S*)$", head, re.MULTILINE))


def _locked() -> dict[str, str]:
    packages = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    return {path.removeprefix("node_modules/"): package["version"] for path, package in packages.items() if path and not package.get("dev")}


def test_the_editor_is_made_of_the_versions_in_the_lock_file() -> None:
    assert _bundled() == _locked()


def test_every_package_in_the_editor_has_its_licence_beside_it() -> None:
    licences = (VENDOR / "codemirror.LICENSE.txt").read_text(encoding="utf-8")
    texts = re.split(r"\n-{80}\n\n", licences)
    assert [text.partition("\n")[0] for text in texts] == [f"{name} {version}" for name, version in _bundled().items()]
    assert all("Permission is hereby granted, free of charge" in text for text in texts)


def test_the_lock_file_names_no_registry() -> None:
    assert "://" not in re.sub(r'"(funding|url)": "[^"]*"', "", LOCK.read_text(encoding="utf-8"))
