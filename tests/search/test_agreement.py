"""Every filter agrees with a plain Python evaluation over the same experiments.

The filters are drawn together with a Python predicate that says what they mean; neither knows the code
under test. The experiments hold what is hard: numbers that share a double, text that looks like numbers,
names with dots, quotes and letters beyond ASCII.
"""

from __future__ import annotations

import json
import operator
import random
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import ExperimentConfig, ExperimentRegistry, FilterError
from registry.errors import AmbiguousPanelError
from registry.search import Metrics, compile_filter, write_name, write_value
from registry.store import Session
from registry.store.apply import take_in
from registry.store.registration import Registration
from tests.search.runs import LAST, PERIOD, MadeRun, put_runs
from tests.search.test_parser import TEXTS
from tests.strategies import examples

FEATURES = [
    "Sentiment",
    "sentiment",
    "Momentum",
    "mom 12-1",
    "a.b",
    "created",
    "it's",
    'say "hi"',
    "naïve",
    "k",
    "never",
]
NUMBERS: list[int | float] = [
    0, -0.0, 1, 5, 10, 10.0, 0.1, 0.30000000000000004, -2.5, 1e-300, 5e-324,
    2**53 - 1, 2**53, float(2**53), 2**53 + 1, 2**53 + 2, -(2**53), -(2**53) - 1, 2**63, 2**64 - 1,
    10**22, 10**22 + 1, 1e22, 10**30, 1e30, 10**400, 10**400 + 1, -(10**400), 9 * 10**399, 1.7976931348623157e308,
]  # fmt: skip
WORDS = ["fast", "Fast", "slow", "10", "5", "true", "null", "naïve", "a b", "it's", "", "ÉTÉ", "x\\y"]
TRANSFORMS = ["zscore", "log", "rank 1", "10"]
TAGS = ["baseline", "Baseline", "q4-2024", "two words", "été", "100%", "a_b", "cafe", "x,y"]
DESCRIPTIONS = [
    "",
    "Baseline run",
    "the BASELINE of q4-2024",
    "100% of a_b",
    "ÉTÉ in naïve",
    "don't",
    "cafe\nbabe",
    "a\\b",
]
KEYS = ["k", "mode", "walk.days", "a.b", "nothing", "it's"]
START = datetime(2024, 5, 30, tzinfo=UTC)
NOW = datetime(2024, 6, 3, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """One experiment with everything a filter may ask about."""

    config: ExperimentConfig
    registered: datetime
    notes: tuple[str, ...]
    old_hashes: tuple[str, ...]
    runs: tuple[MadeRun, ...] = ()

    @property
    def hashes(self) -> list[str]:
        return [str(self.config.config_hash), *self.old_hashes]


def draw_case(random: random.Random) -> Case:
    """Draw an experiment; a fixed seed keeps the registry the same from run to run."""
    some = lambda pool, most: random.sample(pool, random.randint(0, most))  # noqa: E731
    scalars = [*NUMBERS, *WORDS, True, False, None, [1], {}, *[5, 10, 10.0, "10", "fast", 2**53, 2**53 + 1, True] * 4]
    hyperparameters: dict[str, Any] = {key: random.choice(scalars) for key in some(KEYS, 4)}
    if random.random() < 0.4:
        hyperparameters["walk"] = {"days": random.choice(scalars)}
    if random.random() < 0.3:
        hyperparameters["a"] = {"b": random.choice(scalars), "deep": {"er": 1}}
    small = [0.1, 5, 10, *(number for number in NUMBERS if abs(number) < 10**300)]
    config = ExperimentConfig(
        some(FEATURES[:-1], 5),
        {name: float(random.choice(small)) for name in some(FEATURES[:-1], 5)},
        hyperparameters,
        {name: random.choice(TRANSFORMS) for name in some(FEATURES[:-1], 3)},
        random.choice(DESCRIPTIONS),
        some(TAGS, 3),
        (START + timedelta(hours=12 * random.randint(0, 10), microseconds=random.choice([0, 0, 1]))).isoformat(),
        parent=random.choice([None, f"{random.randint(0, 3)}" * 64]),
    )
    old = tuple(f"{random.choice(['cafe', 'beef'])}{random.getrandbits(240):060x}" for _ in range(random.randint(0, 1)))
    return Case(
        config,
        START + timedelta(days=random.randint(0, 40)),
        tuple(some(DESCRIPTIONS[1:], 2)),
        old,
        tuple(draw_run(random) for _ in range(random.choice([0, 1, 1, 2, 3]))),
    )


PANELS = {1: "first", 2: "two words", 3: "shared", 4: "shared"}
METRICS = ["edge", "rank ic", "p@14", "a.b", "never"]
ASKED = ("first", PERIOD)
"""The panel and period that metrics are read on."""


def draw_run(random: random.Random) -> MadeRun:
    """Draw a run, most often on the panel and period asked for; sums of its numbers are exact."""

    def some(most: int) -> dict[str, float]:
        values = [0.0, -0.0, 0.25, 0.5, -0.5, 5.0, 10.0, 2.0**53]
        names = random.sample(METRICS[:-1], random.randint(0, most))
        return {name: random.choice([*values, 1e300] if name == "p@14" else values) for name in names}

    return MadeRun(
        0,
        some(4),
        [some(3) for _ in range(random.randint(0, 4))],
        random.choice([1, 1, 1, 2, 3, 4]),
        end=random.choice([LAST, LAST, LAST, "2020-12-31"]),
    )


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Session, list[Case]]]:
    source = random.Random(7)
    cases = list({case.config.config_hash: case for case in (draw_case(source) for _ in range(80))}.values())
    registry = ExperimentRegistry(tmp_path_factory.mktemp("agreement") / "experiments.duckdb")
    with registry.store.write() as session:
        rows = [
            Registration(case.config, case.old_hashes, case.registered.isoformat(timespec="microseconds"))
            for case in cases
        ]
        take_in(session, rows, metadata="register", kind="registered")
        runs = [replace(run, id=number + 1) for number, case in enumerate(cases) for run in case.runs]
        put_runs(session, runs, PANELS)
        notes = [(number + 1, note) for number, case in enumerate(cases) for note in case.notes]
        session.insert(
            "note",
            {"id": "BIGINT", "noted_at": "TIMESTAMP", "note": "VARCHAR"},
            {
                "id": [row[0] for row in notes],
                "noted_at": ["2025-01-01"] * len(notes),
                "note": [row[1] for row in notes],
            },
        )
    with registry.store.read() as session:
        yield session, cases


# -- filters, each with what it means ------------------------------------------------------------------

Meaning = Callable[[Case], bool]
Filter = tuple[str, Meaning]
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
MISSING = object()


def quoted(text: str) -> str:
    """Quote as the documentation says: a backslash before quotes and backslashes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def kind(value: object) -> str:
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, (int, float)) else type(value).__name__


def holds(value: object, sign: str, literal: object) -> bool:
    """Compare as the language does: absent or of another type is false, numbers exactly."""
    if value is MISSING or kind(value) != kind(literal):
        return False
    if kind(value) == "number":
        return OPERATORS[sign](Fraction(value), Fraction(literal))  # type: ignore[arg-type]
    return OPERATORS[sign](value, literal)


def parameters(case: Case, name: str) -> list[object]:
    """Return the values that an unquoted `hp.NAME` may mean: the flat key and every nested one."""

    def inside(mapping: dict[str, Any], rest: str) -> Iterator[object]:
        for key, value in mapping.items():
            if key == rest:
                yield value
            elif isinstance(value, dict) and rest.startswith(key + "."):
                yield from inside(value, rest[len(key) + 1 :])

    return list(inside(dict(case.config.hyperparameters), name))


numbers = st.sampled_from(NUMBERS) | st.sampled_from([7, 2**53 + 3, 2**60, 10**23, -(10**401), 0.2])
figures: st.SearchStrategy[tuple[str, object]] = numbers.map(lambda number: (repr(number), number))
literals: st.SearchStrategy[tuple[str, object]] = st.one_of(
    figures,
    st.sampled_from(WORDS).map(lambda word: (quoted(word), word)),
    st.sampled_from([("fast", "fast"), ("Fast", "Fast"), ("naïve", "naïve"), ("it's", "it's"), ("007", 7), ("+5", 5)]),
    st.sampled_from([("true", True), ("False", False), ("NULL", None)]),
)
signs = st.sampled_from(sorted(OPERATORS))


@st.composite
def comparisons(draw: st.DrawFn, written: str, read: Callable[[Case], list[object]], numeric: bool = False) -> Filter:
    """A comparison, list or question of absence about something; `read` returns what is there."""
    form = draw(st.sampled_from(["compare", "compare", "compare", "in", "not in", "absent", "present"]))
    if form == "absent":
        word = draw(st.sampled_from(["is absent", "IS  Absent", "is not present"]))
        return f"{written} {word}", lambda case: not read(case)
    if form == "present":
        return f"{written} is present", lambda case: bool(read(case))
    if form == "compare":
        text, literal = draw(literals)
        ordered = isinstance(literal, bool) or literal is None
        sign = draw(st.sampled_from(["=", "!="])) if ordered and not numeric else draw(signs)
        space = draw(st.sampled_from(["", " "]))
        return f"{written}{space}{sign}{space}{text}", lambda case: any(
            holds(value, sign, literal) for value in read(case)
        )
    chosen = draw(st.lists(literals, min_size=1, max_size=4))
    meaning: Meaning = lambda case: any(holds(value, "=", literal) for value in read(case) for _, literal in chosen)  # noqa: E731
    text = f"{written} {form} ({', '.join(text for text, _ in chosen)})"
    return (text, meaning) if form == "in" else (text, lambda case: not meaning(case))


def weights() -> st.SearchStrategy[Filter]:
    def about(name: str) -> st.SearchStrategy[Filter]:
        plain = name in ("Sentiment", "sentiment", "Momentum", "a.b", "naïve", "created", "k")
        written = st.sampled_from([f"w.{name}", f"w.{quoted(name)}"] if plain else [f"w.{quoted(name)}"])
        if name in ("Sentiment", "Momentum", "mom 12-1"):
            written |= st.just(name if plain else quoted(name))
        weight = lambda case: [case.config.feature_weights[name]] if name in case.config.feature_weights else []  # noqa: E731
        return written.flatmap(lambda text: comparisons(text, weight, numeric=True))

    return st.sampled_from(FEATURES[:-1]).flatmap(about)


def hyperparameters() -> st.SearchStrategy[Filter]:
    flat = [
        (
            f"hp.{quoted(key)}",
            lambda case, key=key: [case.config.hyperparameters[key]] if key in case.config.hyperparameters else [],
        )
        for key in KEYS
    ]
    either = [
        (f"hp.{key}", lambda case, key=key: parameters(case, key))
        for key in ("k", "mode", "walk.days", "a.b", "a.deep.er", "walk")
    ]
    bare = [("mode", lambda case: parameters(case, "mode")), ("walk.days", lambda case: parameters(case, "walk.days"))]
    nested = [
        (
            'hp.walk."days"',
            lambda case: [case.config.hyperparameters["walk"]["days"]] if "walk" in case.config.hyperparameters else [],
        )
    ]
    return st.sampled_from(flat + either + bare + nested).flatmap(lambda pair: comparisons(*pair))


@st.composite
def transformations(draw: st.DrawFn) -> Filter:
    name = draw(st.sampled_from(FEATURES[:-1]))
    written = f"transform.{quoted(name)}"
    form = draw(st.sampled_from(["absent", "in", *OPERATORS]))
    if form == "absent":
        return f"{written} is absent", lambda case: name not in case.config.feature_transformations
    if form == "in":
        return (
            f'{written} in (zscore, "rank 1")',
            lambda case: case.config.feature_transformations.get(name) in ("zscore", "rank 1"),
        )
    value = draw(st.sampled_from(TRANSFORMS))
    text = value if value.isalnum() and draw(st.booleans()) else quoted(value)
    return f"{written} {form} {text}", lambda case: holds(
        case.config.feature_transformations.get(name, MISSING), form, value
    )


@st.composite
def times(draw: st.DrawFn) -> Filter:
    """Dates and times are stretches, as long as what they are given to; compare the ends."""
    attribute = draw(st.sampled_from(["created", "registered"]))
    sign = draw(signs)

    def read(case: Case) -> datetime:
        return datetime.fromisoformat(str(case.config.created_at)) if attribute == "created" else case.registered

    form = draw(st.sampled_from(["day", "month", "hour", "minute", "second", "moment", "ago"]))
    if form == "day":
        day = date(2024, 5, 28) + timedelta(days=draw(st.integers(0, 10)))
        return f"{attribute} {sign} {day}", lambda case: OPERATORS[sign](read(case).date(), day)
    if form == "month":
        month = draw(st.integers(4, 8))
        return f"{attribute} {sign} 2024-{month:02}", lambda case: OPERATORS[sign](
            read(case).strftime("%Y-%m"), f"2024-{month:02}"
        )
    moment = START + timedelta(hours=12 * draw(st.integers(-1, 11)))
    if form == "moment":
        return f"{attribute}{sign}{moment.isoformat(timespec='microseconds')}", lambda case: OPERATORS[sign](
            read(case), moment
        )
    if form in ("hour", "minute", "second"):
        times = {"hour": "%H", "minute": "%H:%M", "second": "%H:%M:%S"}
        written = draw(st.sampled_from(["%Y-%m-%dT{}Z", "%Y-%m-%dT{}+00:00", quoted("%Y-%m-%d {}")]))
        text = moment.strftime(written.format(times[form]))
        lower = {"hour": ["minute"], "minute": [], "second": []}[form]
        parts = {"microsecond": 0, **({} if form == "second" else {"second": 0}), **dict.fromkeys(lower, 0)}
        return f"{attribute}{sign}{text}", lambda case: OPERATORS[sign](read(case).replace(**parts), moment)
    sign = draw(st.sampled_from(["<", "<=", ">", ">="]))
    count, unit = draw(st.sampled_from([(12, "h"), (36, "h"), (3, "d"), (1, "w"), (0, "d")]))
    moment = NOW - count * {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}[unit]
    return f"{attribute} {sign} -{count}{unit}", lambda case: OPERATORS[sign](read(case), moment)


@st.composite
def attributes(draw: st.DrawFn) -> Filter:
    form = draw(
        st.sampled_from(
            ["tag", "desc", "note", "feature", "glob", "features", "runs", "panel", "hash", "parent", "absent"]
        )
    )
    if form == "tag":
        tag = draw(st.sampled_from([*TAGS, "nobody's"]))
        return f"tag:{quoted(tag)}", lambda case: tag in case.config.tags
    if form in ("desc", "note"):
        part = draw(st.sampled_from(["baseline", "BASE", "100%", "a_b", "été", "don't", "a\\b", "\n", "q4-2024"]))
        read = lambda case: [case.config.description] if form == "desc" else case.notes  # noqa: E731
        return f"{form}:{quoted(part)}", lambda case: any(part.lower() in text.lower() for text in read(case))
    if form == "feature":
        name = draw(st.sampled_from(FEATURES[:-1]))
        return f"feature:{quoted(name)}", lambda case: name in case.config.feature_names
    if form == "glob":
        text, begins, ends = draw(
            st.sampled_from([("*ment", "", "ment"), ("Sent*", "Sent", ""), ("m*1", "m", "1"), ("*", "", "")])
        )
        fits = lambda name: name.startswith(begins) and name.endswith(ends) and len(name) >= len(begins + ends)  # noqa: E731
        return f"feature:{text}", lambda case: any(map(fits, case.config.feature_names))
    if form == "features":
        sign, count = draw(signs), draw(st.sampled_from([0, 1, 2, 3, 2.5, 10**400]))
        return f"features {sign} {count}", lambda case: holds(len(case.config.feature_names), sign, count)
    if form == "runs":
        sign, count = draw(signs), draw(st.sampled_from([0, 1, 2, 3, 1.5, -1, 10**400]))
        if draw(st.booleans()):
            return f"runs {sign} {count}", lambda case: holds(len(case.runs), sign, count)
        return f"runs in ({count}, 1)", lambda case: len(case.runs) in (count, 1)
    if form == "panel":
        text, ids = draw(
            st.sampled_from(
                [("first", {1}), ('"two words"', {2}), ("shared", {3, 4}), ("shared#4", {4}), ("first#1", {1})]
            )
        )
        return f"panel:{text}", lambda case: any(run.panel_id in ids for run in case.runs)
    if form == "hash":
        prefix = draw(st.sampled_from(["0", "A", "cafe", "bee", "3", "f"]))
        return f"hash:{prefix}", lambda case: any(each.startswith(prefix.lower()) for each in case.hashes)
    if form == "parent":
        digit = draw(st.sampled_from("0149"))
        return f"parent:{digit * 3}", lambda case: case.config.parent == digit * 64
    what, there = draw(
        st.sampled_from(
            [
                ("tag", lambda case: case.config.tags),
                ("desc", lambda case: case.config.description),
                ("note", lambda case: case.notes),
                ("parent", lambda case: case.config.parent),
                ("panel", lambda case: case.runs),
            ]
        )
    )
    return f"{what} is absent", lambda case: not there(case)


def over_windows(over: str, values: list[float]) -> float:
    """Aggregate as the reference card says, with Python's own statistics."""
    if over == "std":
        return statistics.stdev(values)
    return {"min": min, "max": max, "mean": statistics.fmean}[over](values)


@st.composite
def metrics(draw: st.DrawFn) -> Filter:
    """About a metric of the latest run on the panel and period asked for, or of its windows."""
    name = draw(st.sampled_from(METRICS[:-1]))
    over = draw(st.sampled_from(["", "", "min", "max", "mean", "std"]))
    written = draw(st.sampled_from([f"m.{name}", f"m.{quoted(name)}"] if " " not in name else [f"m.{quoted(name)}"]))
    written = f"{over}({written})" if over else written

    def read(case: Case) -> list[float]:
        asked = [run for run in case.runs if run.panel_id == 1 and run.end == LAST]
        if not asked:
            return []
        if not over:
            return [asked[-1].metrics[name]] if name in asked[-1].metrics else []
        values = [window[name] for window in asked[-1].windows if name in window]
        if over == "std" and (len(values) < 2 or max(map(abs, values)) > 1e150):
            return []
        return [over_windows(over, values)] if values else []

    form = draw(st.sampled_from(["absent", "present", "in", "not in", *OPERATORS]))
    if form in ("absent", "present"):
        return f"{written} is {form}", lambda case: bool(read(case)) == (form == "present")
    # far from any mean or deviation, which may differ in the last bit
    off = 0.0009765625 if over in ("mean", "std") else 0
    chosen = [number + off if abs(number) < 1e9 else number for number in draw(st.lists(numbers, min_size=1))]
    if form in ("in", "not in"):
        text = f"{written} {form} ({', '.join(map(repr, chosen))})"
        return text, lambda case: any(holds(v, "=", n) for v in read(case) for n in chosen) == (form == "in")
    return f"{written} {form} {chosen[0]!r}", lambda case: any(holds(v, form, chosen[0]) for v in read(case))


@st.composite
def words(draw: st.DrawFn) -> Filter:
    word = draw(
        st.sampled_from(
            ["baseline", "BASELINE", "q4-2024", "100%", "a_b", "cafe", "BEEF", "don't", "été", "zzz", "ba", "0"]
        )
    )
    written = draw(st.sampled_from([word, quoted(word)]))

    def meaning(case: Case) -> bool:
        texts = [*case.config.tags, case.config.description, *case.notes]
        if any(word.lower() in text.lower() for text in texts):
            return True
        is_hex = len(word) >= 4 and all(char in "0123456789abcdef" for char in word.lower())
        return is_hex and any(each.startswith(word.lower()) for each in case.hashes)

    return written, meaning


def together(inner: st.SearchStrategy[tuple[str, int, Meaning]]) -> st.SearchStrategy[tuple[str, int, Meaning]]:
    """Combine filters; each carries how tightly it binds (or 0, and 1, not 2, a single term 3)."""

    @st.composite
    def combined(draw: st.DrawFn) -> tuple[str, int, Meaning]:
        form = draw(st.sampled_from(["and", "AND", "", "or", "Or", "not", "-", "()"]))

        def fit(part: tuple[str, int, Meaning], level: int) -> str:
            return part[0] if part[1] >= level else f"({part[0]})"

        first = draw(inner)
        if form == "()":
            return f"( {first[0]} )", 3, first[2]
        if form == "not":
            return f"not {fit(first, 2)}", 2, lambda case: not first[2](case)
        if form == "-":
            return f"-{fit(first, 3)}", 2, lambda case: not first[2](case)
        second = draw(inner)
        if form.lower() == "or":
            return f"{fit(first, 0)} {form} {fit(second, 1)}", 0, lambda case: first[2](case) or second[2](case)
        return f"{fit(first, 1)} {form} {fit(second, 2)}", 1, lambda case: first[2](case) and second[2](case)

    return combined()


def as_term(pair: Filter) -> tuple[str, int, Meaning]:
    return pair[0], 3, pair[1]


of_experiments = st.one_of(weights(), hyperparameters(), transformations(), times(), attributes(), words())
terms = st.one_of(of_experiments, metrics())
filters = st.recursive(terms.map(as_term), together, max_leaves=6)
filters_of_experiments = st.recursive(of_experiments.map(as_term), together, max_leaves=3)


def found(session: Session, text: str) -> set[str]:
    panel, period = ASKED
    where = Metrics(session, text, panel=panel, period=period, now=NOW)
    compiled = compile_filter(text, session, now=NOW, metrics=where)
    return {
        row[0] for row in session.rows(f"SELECT config_hash FROM experiment e WHERE {compiled.where}", compiled.params)
    }


@examples(150, 1000)
@given(terms)
def test_every_term_agrees_with_python(shelf: tuple[Session, list[Case]], term: Filter) -> None:
    session, cases = shelf
    text, meaning = term
    assert found(session, text) == {case.config.config_hash for case in cases if meaning(case)}, text


@examples(100, 600)
@given(filters)
def test_every_filter_agrees_with_python(shelf: tuple[Session, list[Case]], drawn: tuple[str, int, Meaning]) -> None:
    session, cases = shelf
    text, _, meaning = drawn
    assert found(session, text) == {case.config.config_hash for case in cases if meaning(case)}, text


@examples(80, 400)
@given(TEXTS)
def test_not_is_the_exact_complement_of_any_filter(shelf: tuple[Session, list[Case]], text: str) -> None:
    session, cases = shelf
    try:
        these = found(session, text)
    except FilterError:
        return
    if text.strip():
        assert found(session, f"not ({text})") == {case.config.config_hash for case in cases} - these


@examples(40, 200)
@given(filters_of_experiments, metrics(), st.booleans())
def test_the_latest_runs_of_what_may_match_decide_the_panel(
    shelf: tuple[Session, list[Case]], drawn: tuple[str, int, Meaning], metric: Filter, negated: bool
) -> None:
    session, cases = shelf
    either = f"({drawn[0]} or {drawn[0]})"  # so that a panel: in it is no choice
    text = f"{either} {'not ' if negated else ''}{metric[0]}"
    latest = {(case.runs[-1].panel_id, case.runs[-1].end) for case in cases if drawn[2](case) and case.runs}
    where = Metrics(session, text, now=NOW)
    assert {(basis.panel_id, basis.end) for basis in where.choices()} == latest
    if len(latest) > 1:
        with pytest.raises(AmbiguousPanelError):
            compile_filter(text, session, now=NOW)
    else:
        compile_filter(text, session, now=NOW, metrics=where)
        assert {(where.basis.panel_id, where.basis.end)} == latest if where.basis else not latest


def test_every_value_can_be_asked_for_as_it_is_written(shelf: tuple[Session, list[Case]]) -> None:
    """What a cell shows makes a filter that finds the experiment of that cell."""
    session, cases = shelf
    for case in cases:
        for key, value in case.config.hyperparameters.items():
            if not isinstance(value, (list, dict)):
                assert case.config.config_hash in found(session, f"{write_name(key, 'hp')} = {write_value(value)}")
        for tag in case.config.tags:
            assert case.config.config_hash in found(session, f"tag:{write_value(tag)}")


def test_the_registry_has_cases_on_both_sides(shelf: tuple[Session, list[Case]]) -> None:
    """Guard against a pool that makes the comparison above empty."""
    session, cases = shelf
    assert len(cases) > 70
    for text in (
        "w.Sentiment > 0",
        "hp.k is absent",
        "hp.walk.days is present",
        "cafe",
        "parent is absent",
        "hp.k = 10",
        "m.edge > 0",
        "std(m.edge) > 0",
        "runs = 0",
        "panel:shared",
    ):
        assert 0 < len(found(session, text)) < len(cases), text
    assert any(json.dumps(case.config.hyperparameters.get("k", 0)) == "10.0" for case in cases)
