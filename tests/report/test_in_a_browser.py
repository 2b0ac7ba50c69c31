"""A report in a real browser: Chromium opens the page, sorts its tables, and asks nobody for anything."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from tests.report.test_report import BASE, ODD, OTHER, record, registry, short

__all__ = ["registry"]
pytestmark = pytest.mark.full

LOOK = """
const told = {};
const title = [...document.querySelectorAll("h2")].find(each => each.textContent === "Weights");
const table = title.nextElementSibling.querySelector("table");
const column = at => [...table.tBodies[0].rows].map(row => row.cells[at].dataset.sort ?? row.cells[at].textContent);
const button = table.tHead.rows[0].cells[1].querySelector("button");
told.before = column(1); button.focus(); button.click(); told.down = column(1); button.click(); told.up = column(1);
told.focused = document.activeElement === button; told.marked = table.tHead.rows[0].cells[1].getAttribute("aria-sort");
told.ground = getComputedStyle(document.body).backgroundColor;
const bars = [...document.querySelectorAll("svg.bar rect")];
told.bars = bars.filter(each => each.getBoundingClientRect().width > 1).length;
told.curves = [...document.querySelectorAll("svg.curves polyline")].filter(each => each.getTotalLength() > 50).length;
told.scripts = document.scripts.length; told.wide = document.documentElement.scrollWidth <= innerWidth;
told.asked = performance.getEntriesByType("resource").map(each => each.name);
document.body.innerHTML = "<pre id=told></pre>"; document.getElementById("told").textContent = JSON.stringify(told);
"""


def opened(page: Path, profile: Path, *, dark: bool = False, size: str = "1200,900") -> dict[str, Any]:
    """Open a page with a script at its end that uses it as a person would, and return what that saw."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium is not None, "Chromium is needed: apt install chromium"
    looked_at = page.with_suffix(".looked.html")
    looked_at.write_text(page.read_text().replace("</body>", f"<script>{LOOK}</script></body>"), encoding="utf-8")
    done = subprocess.run(
        [
            chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
            f"--window-size={size}",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--enable-logging=stderr", "--dump-dom",
            looked_at.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "CONSOLE" not in done.stderr, done.stderr
    found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stdout[-2000:]
    told: dict[str, Any] = json.loads(unescape(found[1]))
    return told


def numbers(column: list[str]) -> list[float]:
    return [float(each) for each in column if each]


def test_it_opens_sorts_and_needs_no_network(registry: ExperimentRegistry, tmp_path: Path) -> None:
    configs = [BASE.variant(weights={"a": weight}) for weight in (0.3, -0.9, 0.75, 0.1, 10.0, 2.0)]
    for number, config in enumerate(configs):
        record(registry, config, number / 100)
    without = ExperimentConfig(["z"], {"z": 1.0}, description="</script><script>throw 1</script>")
    registry.register(without)
    report = registry.report([*(short(config) for config in configs), short(without), short(ODD)])
    page = report.write(tmp_path / "report.html")
    light = opened(page, tmp_path / "profile")
    assert light["asked"] == [] and light["scripts"] == 2 and light["focused"] and light["wide"]
    assert numbers(light["down"]) == sorted(numbers(light["before"]), reverse=True) and light["down"][-1] == ""
    assert numbers(light["up"]) == sorted(numbers(light["before"])) and light["up"][-1] == "", "absent is always last"
    assert light["marked"] == "ascending" and light["bars"] >= len(configs) and light["curves"] == 12
    dark = opened(page, tmp_path / "profile", dark=True, size="400,800")
    assert (light["ground"], dark["ground"]) == ("rgb(255, 255, 255)", "rgb(15, 19, 24)")
    assert dark["wide"], "tables scroll by themselves; the page does not"


def test_it_prints(registry: ExperimentRegistry, tmp_path: Path) -> None:
    page = registry.report([short(BASE), short(OTHER)]).write(tmp_path / "report.html")
    chromium = shutil.which("chromium") or "chromium"
    printed = tmp_path / "report.pdf"
    subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         f"--print-to-pdf={printed}", page.as_uri()],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    assert printed.read_bytes().startswith(b"%PDF") and printed.stat().st_size > 10_000
