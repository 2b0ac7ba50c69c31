"""Reports: what they tell, that nothing in them breaks out, and when they refuse."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from registry import ExperimentConfig, ExperimentRegistry
from registry.errors import ExchangeError, FileExistsRefusal, NotFoundError
from registry.report.elements import element, one_line
from registry.report.svg import scale

PERIOD = "2020-01-01..2020-12-31"
DAYS = [f"2020-{month:02}-{day:02}" for month in range(1, 13) for day in (3, 13, 23)]
BASE = ExperimentConfig(["a", "b"], {"a": 0.5, "b": 0.5}, {"k": 10, "seed": 1}, {"a": "zscore"}, "the base", ["first"])
OTHER = BASE.variant(weights={"a": 0.75}, hyperparameters={"k": 5}, description="more of a")
THIRD = BASE.variant(weights={"c": -0.25}, description="with c")
HOSTILE = "<script>alert(1)</script> & \"'`|[x](javascript:1) http://a.b www.a.b $x$\x1b[31m\u202e" + "y" * 10_000
ODD = ExperimentConfig([HOSTILE], {HOSTILE: 1.0}, {HOSTILE: HOSTILE}, {HOSTILE: HOSTILE}, HOSTILE, [HOSTILE])


def record(registry: ExperimentRegistry, config: ExperimentConfig, edge: float, panel: str = "stocks") -> None:
    returns = {day: 0.01 + edge * (1 if at % 2 else -0.5) for at, day in enumerate(DAYS)}
    registry.record_run(
        config,
        metrics={"precision_at_k": 0.5 + edge, "base_rate": 0.5, "edge": edge, "edge_h14": edge, "max_drawdown": -edge},
        windows=[
            {"test_start": "2020-01-01", "test_end": "2020-06-30", "metrics": {"edge": edge}},
            {"test_start": "2020-07-01", "test_end": "2020-12-31", "metrics": {"edge": -edge}},
        ],
        dates={"edge": dict.fromkeys(DAYS, edge) | {DAYS[0]: -edge}, "net_return": returns},
        panel=panel,
        period=PERIOD,
    )


@pytest.fixture
def registry(tmp_path: Path) -> ExperimentRegistry:
    registry = ExperimentRegistry(tmp_path / "e.duckdb")
    for config in (BASE, OTHER, THIRD, ODD):
        registry.register(config)
    record(registry, BASE, 0.01)
    record(registry, OTHER, 0.05)
    registry.promote(str(OTHER.config_hash), "production")
    return registry


class Page(HTMLParser):
    """What a page holds: its tags, its text, and whether every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.links: list[str] = []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [str(value) for name, value in attrs if name in ("href", "src")]
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f" {data}"


def short(config: ExperimentConfig) -> str:
    return str(config.config_hash)[:12]


def test_it_tells_what_differs_how_they_fared_and_whether_it_helped(registry: ExperimentRegistry) -> None:
    report = registry.report([short(BASE), short(OTHER)])
    page = Page(report.html())
    text = " ".join(page.text.split())
    for said in (
        "2 experiments compared",
        f"Metrics on stocks, {PERIOD}, where 2 configurations were tried: the best of many flatters itself.",
        f"{short(BASE)} reference the base",
        "production",
        "0.550 (base 0.500, +0.050) +0.040",
        "0.75 +0.25",
        "Fall below the highest equity so far",
        "edge in 2 windows, 2020-01-01 to 2020-12-31; above 0 in 1 of 2",
        "share of the picks whose forward return is above the hit",
        f"experiments report {BASE.config_hash} {OTHER.config_hash} --panel stocks --period {PERIOD} -o report.html",
    ):
        assert said in text, said
    assert report.trial is not None and report.trial.candidates[0].verdict.verdict in text
    assert page.tags.count("polyline") == 4 and page.links == []
    assert report.html() == registry.report([short(BASE), short(OTHER)]).html(), "the same every time"


def test_markdown_says_the_same(registry: ExperimentRegistry) -> None:
    text = registry.report([short(OTHER), short(BASE)], against=short(BASE)).markdown()
    assert text.startswith("# 2 experiments compared\n")
    assert f"- `{short(BASE)}` the base; tags: first; the reference" in text
    assert "| a | 0.5 | 0.75 (+0.25) |" in text
    assert re.search(rf"\| `{short(OTHER)}` \| (better|no difference|cannot tell|worse) \| \+0\.0\d+ ", text)
    assert "█▁ | 2020-01-01 to 2020-12-31 |" in text
    widths = {line.count("|") - line.count("\\|") for line in text.splitlines() if line.startswith("| more of a")}
    assert len(widths) <= 1


def test_one_alone_is_told_about(registry: ExperimentRegistry) -> None:
    report = registry.report([short(OTHER)])
    text = Page(report.html()).text
    assert f"Experiment {short(OTHER)}: more of a" in text and "Did it help?" not in text and "reference" not in text
    assert report.markdown().startswith(f"# Experiment {short(OTHER)}: more of a\n")


def test_what_has_no_run_is_said(registry: ExperimentRegistry) -> None:
    alone = registry.report([short(THIRD), short(ODD)])
    assert "None of them has a run" in alone.html() or "none of them has a run" in alone.html()
    assert "Cannot tell: no two of them have a run on the same panel and period." in alone.html()
    assert "Cannot tell" in alone.markdown()
    mixed = registry.report([short(BASE), short(OTHER), short(THIRD)])
    assert f"No run there: {short(THIRD)}." in mixed.html()
    assert mixed.trial is not None and mixed.trial.candidates[1].verdict.verdict == "cannot pair"


def test_many_are_lines_and_only_eight_curves_are_drawn(registry: ExperimentRegistry) -> None:
    configs = [BASE.variant(weights={"a": number / 100}) for number in range(10)]
    for number, config in enumerate(configs):
        record(registry, config, number / 100)
    page = Page(registry.report([short(config) for config in configs]).html())
    assert page.tags.count("polyline") == 16 and "The first 8 of 10 are drawn." in page.text


def test_text_of_people_is_text(registry: ExperimentRegistry) -> None:
    panel = "<script>alert(1)</script> & \"'`|[x](javascript:1)"
    record(registry, ODD, 0.02, panel=panel)
    record(registry, BASE, 0.02, panel=panel)
    report = registry.report([short(ODD), short(BASE)], panel=panel)
    page = Page(report.html())
    assert page.tags.count("script") == 1 and "alert(1)" in page.text and page.links == []
    assert not {"\x1b", "\u202e"} & set(report.html() + report.markdown())
    text, _, made_with = report.markdown().rpartition("Made with ")
    assert "<script>" not in text.replace("\\<script", "") and "](" not in text.replace("\\]", "")
    assert not {"http://", "www.a"} & set(text.split()) and "http\\://a.b www\\.a.b \\$x\\$" in text
    assert made_with.count("`") == 2 and made_with.endswith("`\n"), "a code span, in which nothing is marked up"


def test_it_is_written_whole_or_not_at_all(registry: ExperimentRegistry, tmp_path: Path) -> None:
    report = registry.report([short(BASE), short(OTHER)])
    target = tmp_path / "r.html"
    assert report.write(target) == target and target.read_text(encoding="utf-8") == report.html()
    target.write_text("mine")
    with pytest.raises(FileExistsRefusal):
        report.write(target)
    assert target.read_text() == "mine"
    report.write(tmp_path / "r.md")
    with pytest.raises(ExchangeError, match=r"end its name in \.html or \.md"):
        report.write(tmp_path / "r.pdf")


def test_what_is_not_there_or_too_much_is_refused(registry: ExperimentRegistry) -> None:
    with pytest.raises(NotFoundError):
        registry.report(["feedfeedfeed"])
    many = [BASE.variant(weights={"a": float(number)}) for number in range(201)]
    for config in many:
        registry.register(config)
    with pytest.raises(ExchangeError, match="at most 200"):
        registry.report([str(config.config_hash) for config in many])


def test_elements_escape_what_they_are_given() -> None:
    made = element("td", "<b>", element("i", "&"), title='"\x00', data_sort=1.5, hidden=True, class_=None)
    assert made == '<td title="&quot;\\x00" data-sort="1.5" hidden>&lt;b&gt;<i>&amp;</i></td>'
    assert one_line(" a\n\tb\x1b ", 5) == "a b\\…"


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-0.3, 0), (0.99, 1.01), (5, 5), (0, 0), (-1e9, 1e9), (1e-9, 2e-9)])
def test_a_scale_holds_every_value_on_few_round_numbers(low: float, high: float) -> None:
    ticks = scale(low, high)
    assert ticks[0] <= low + 1e-9 * abs(low) and ticks[-1] >= high - 1e-9 * abs(high) and 2 <= len(ticks) <= 8
    assert ticks == sorted(set(ticks))


def test_integers_beyond_all_floats_are_shown_in_full_and_sort_at_the_ends(registry: ExperimentRegistry) -> None:
    huge = [BASE.variant(hyperparameters={"k": sign * 10**400}) for sign in (1, -1)]
    for config in huge:
        registry.register(config)
    found = registry.report([str(config.config_hash) for config in (BASE, *huge)])
    assert "1" + "0" * 60 in found.html() and "1" + "0" * 60 in found.markdown()
    assert 'data-sort="1.79' in found.html() and 'data-sort="-1.79' in found.html()
