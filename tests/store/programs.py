"""What other processes do in these tests: `python -m tests.store.programs NAME ARGUMENT…`.

Each program says on its standard output, a line at a time, what it has done, so that a test knows what was
acknowledged before it killed it.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from registry import ExperimentConfig
from registry.store import Store, journal, lock
from registry.store.apply import take_in
from registry.store.connection import Engine
from registry.store.registration import Registration
from registry.store.session import WriteSession
from registry.store.spool import Spool

FEATURES, HYPERPARAMETERS, TAGS = 3, 3, 2
"""Rows of the long tables that belong to every experiment `config` returns."""


def config(n: int, name: str = "p", description: str = "") -> ExperimentConfig:
    """Return an experiment whose rows can be counted; another one for each (name, n)."""
    return ExperimentConfig(
        ["momentum", "value", f"only {name}"],
        {"momentum": n / 7, "value": 1.0, f"only {name}": 0.5},
        {"k": n, "walk": {"days": 5}},
        description=description,
        tags=["sweep", f"by {name}"],
    )


def say(*words: object) -> None:
    """Tell the test."""
    print(*words, flush=True)


def wait_for_test() -> None:
    """Go on when the test closes our standard input, or writes a line."""
    sys.stdin.readline()


# -- the lock --------------------------------------------------------------------------------------


def hold(path: Path, how: str) -> None:
    """Hold the lock until the test lets go."""
    with lock.holding(path, shared=how == "shared", timeout=10):
        say("held")
        wait_for_test()
    say("released")


def count_up(path: Path, times: int) -> None:
    """Add one to a number in a file, many times, each under the lock, in a way that shows any overlap."""
    number = path.with_name("number")
    for _ in range(times):
        with lock.holding(path, shared=False, timeout=60):
            before = int(number.read_text())
            number.write_text("half done")
            time.sleep(0.0005)
            number.write_text(str(before + 1))
    say("done")


def look(path: Path, seconds: float, pause: float) -> None:
    """Hold the lock shared in a loop without a breath; complain when a writer is in the middle of something."""
    number = path.with_name("number")
    until = time.monotonic() + seconds
    looks = 0
    while time.monotonic() < until:
        with lock.holding(path, shared=True, timeout=60):
            int(number.read_text())
            time.sleep(pause)
        looks += 1
        if looks == 1:
            say("looking")
    say("done", looks)


def fork_holding(path: Path, how: str) -> None:
    """Have a child that was forked, or started, in a held lock, and tell its process number."""
    held = lock.acquire(path, shared=False, timeout=10)
    if how == "exec":
        child = subprocess.Popen(["sleep", "60"], close_fds=False).pid
    else:
        child = os.fork()
        if child == 0:
            if how == "fork-exit":  # lets go of what it never had, and leaves the way every Python process does
                with Path(__file__).open() as file:  # very likely gets the number of the lock's descriptor
                    held.release()
                    assert file.readline()
                sys.exit(0)
            time.sleep(60)
            os._exit(0)
    if how == "fork-exit":
        assert os.waitpid(child, 0)[1] == 0
    say(child)
    wait_for_test()
    held.release()
    say("released")
    wait_for_test()


def fork_waiting(path: Path) -> None:
    """Fork a child while another thread waits for the lock, at the gate."""
    thread = threading.Thread(target=lambda: lock.acquire(path, shared=False, timeout=60), daemon=True)
    thread.start()
    while not _gate_taken(path):
        time.sleep(0.005)
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    say(child)
    wait_for_test()


def _gate_taken(path: Path) -> bool:
    import fcntl

    with path.with_name(path.name + ".gate").open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        return False


# -- registering -----------------------------------------------------------------------------------


def register(path: Path, first: int, count: int, name: str) -> None:
    """Register some experiments, telling the hash of each once it is acknowledged."""
    store = Store(path)
    for n in range(first, first + count):
        say(store.register(config(n, name)))


def register_and_wait(path: Path, n: int) -> None:
    """Register one experiment, say what was imported for it, and stay."""
    say(Store(path).register(config(n)))
    say("duckdb" in sys.modules)
    wait_for_test()
    os._exit(0)


def make(path: Path) -> None:
    """Register one experiment, and bring it into a file that is not there yet."""
    store = Store(path)
    say(store.register(config(1)))
    store.sync()
    wait_for_test()


def register_without_goodbye(path: Path, first: int, count: int, name: str) -> None:
    """Register some experiments and leave them waiting: no try in between, no exit hooks."""
    from registry.store import store

    store.APPLY_EVERY = 10**9
    register(path, first, count, name)
    os._exit(0)


def die_before_removing(path: Path) -> None:
    """Bring the spool in, and die after the commit, before the entries are removed."""
    Spool.remove = lambda self, names: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign]
    Store(path).sync()


def die_after_commit(path: Path, n: int) -> None:
    """Commit a change and die before the file is closed, so that it is in the engine's log only."""
    store = Store(path)
    with store.write() as session:
        take_in(session, [Registration(config(n))], metadata="register", kind="imported")
        session.connection.execute("COMMIT")
        os.kill(os.getpid(), signal.SIGKILL)


def commit_after_a_checkpoint(path: Path) -> None:
    """Commit once more after the file was written to, and tell whether the journal is of the file as it is then."""
    Store(path).register(config(1))
    Store(path).sync()
    with Engine() as engine:
        session = WriteSession(engine.writer(path), path, committed=engine.keep)
        before = path.read_bytes()[: journal.HEADERS]
        session.insert("applied", {"name": "VARCHAR"}, {"name": ["one"]})
        session.connection.execute("CHECKPOINT registry")
        session.connection.execute("BEGIN")
        session.insert("applied", {"name": "VARCHAR"}, {"name": ["another"]})
        session.commit()
        now = path.read_bytes()[: journal.HEADERS]
        say("changed" if now != before else "not changed")
        say("kept" if now in journal.path_of(path).read_bytes() else "not kept")


def children(path: Path, method: str) -> None:
    """Register in a child of multiprocessing, and tell how much of that waits after the child has left."""
    import multiprocessing

    context = multiprocessing.get_context(method)
    process = context.Process(target=_in_child, args=(os.fspath(path),))
    process.start()
    process.join()
    say(process.exitcode, len(Store(path).spool.names()))


def _in_child(path: str) -> None:
    Store(path).register(config(1, "child"))


# -- runs ------------------------------------------------------------------------------------------


def record_runs(path: Path, first: int, count: int, name: str) -> None:
    """Record some runs, each of an experiment of its own, telling the id of each once it is acknowledged."""
    from registry import ExperimentRegistry
    from registry.runs.panels import PanelDays, PanelRef
    from registry.runs.record import Run, Series, Window

    registry = ExperimentRegistry(path)
    days = PanelDays("panel", ["2020-01-01", "2020-01-02"], {"price": [1, 2], f"feature {name}": [3, 4]})
    for n in range(first, first + count):
        one = config(n, name)
        registry.register(one)
        run = Run(
            str(one.config_hash), PanelRef("panel", "f", days.key), "2020-01-01", "2020-12-31",
            metrics={"edge": n, "sharpe": 1.0},
            windows=[Window(w, None, None, "2020-01-01", "2020-02-01", metrics={"edge": w}) for w in (1, 2)],
            dates=Series(["2020-01-01", "2020-01-08"], {"edge": [0.1, 0.2]}),
        )  # fmt: skip
        say(registry.record(run, days, config=one))
        if n % 7 == 3:
            registry.store.try_sync()


def record_runs_for_ever(path: Path, name: str) -> None:
    """Record runs until killed."""
    record_runs(path, 0, 10**9, name)


def record_runs_without_goodbye(path: Path, first: int, count: int, name: str) -> None:
    """Record some runs and leave them waiting: no try in between, no exit hooks."""
    from registry.store import store

    store.APPLY_EVERY = 10**9
    Store.try_sync = lambda self: False  # type: ignore[method-assign]
    record_runs(path, first, count, name)
    os._exit(0)


# -- under load ------------------------------------------------------------------------------------


def write(path: Path, first: int, count: int, name: str) -> None:
    """Bring some experiments in directly, each in a change of its own."""
    store = Store(path, wait=120)
    for n in range(first, first + count):
        one = config(n, name)
        with store.write() as session:
            take_in(session, [Registration(one)], metadata="register", kind="imported")
        say(one.config_hash)


def read(path: Path, stop: Path) -> None:
    """Read in a loop until `stop` appears; complain when something vanishes or is there by half."""
    store = Store(path, wait=120)
    before, looks = 0, 0
    while not stop.exists():
        with store.read() as session:
            assert not halves(session), halves(session)
            now = session.value("SELECT count(*) FROM experiment")
        assert now >= before, f"{before} experiments, and then {now}"
        before, looks = now, looks + 1
    say(looks, before)


def halves(session) -> list[tuple]:  # type: ignore[no-untyped-def]
    """Return the experiments that lack rows, or have too many."""
    return session.rows(
        f"""
        SELECT e.config_hash, f.n, h.n, t.n FROM experiment e
        LEFT JOIN (SELECT id, count(*) AS n FROM feature GROUP BY id) f ON f.id = e.id
        LEFT JOIN (SELECT id, count(*) AS n FROM hyperparameter GROUP BY id) h ON h.id = e.id
        LEFT JOIN (SELECT id, count(*) AS n FROM tag WHERE tag <> 'sweep' GROUP BY id) t ON t.id = e.id
        WHERE f.n IS DISTINCT FROM {FEATURES} OR h.n IS DISTINCT FROM {HYPERPARAMETERS}
           OR t.n IS DISTINCT FROM {TAGS - 1}"""
    )


def anything(path: Path, name: str) -> None:
    """Register, write, bring in and read in a loop, and now and then die between a commit and the removal."""
    dice = random.Random(name)
    store = Store(path, wait=120)
    remove = Spool.remove

    def remove_or_die(self: Spool, names: list[str]) -> None:
        if names and dice.random() < 0.15:
            os.kill(os.getpid(), signal.SIGKILL)
        remove(self, names)

    Spool.remove = remove_or_die  # type: ignore[method-assign]
    for n in range(10**6):
        throw = dice.random()
        if throw < 0.7:
            say(store.register(config(n, name)))
        elif throw < 0.8:
            store.sync()
        elif throw < 0.9:
            with store.read() as session:
                session.value("SELECT count(*) FROM experiment")
        else:
            one = config(n, name)
            with store.write() as session:
                take_in(session, [Registration(one)], metadata="register", kind="imported")
            say(one.config_hash)


def interrupted(path: Path, times: int) -> None:
    """Be interrupted at random moments of reading and writing, and go on afterwards."""
    dice = random.Random(1)
    store = Store(path)
    store.register(config(0))
    with store.read() as session:  # what is imported on the way is imported now
        session.value("SELECT count(*) FROM experiment")
    finished = 0
    for n in range(times):
        try:
            signal.setitimer(signal.ITIMER_REAL, dice.uniform(0.0005, 0.08))
            if n % 3 == 0:
                store.register(config(n))
            if n % 2:
                with store.write() as session:
                    session.run("UPDATE store.experiment SET description = ?", [str(n)])
            else:
                with store.read() as session:
                    session.value("SELECT count(*) FROM experiment")
            signal.setitimer(signal.ITIMER_REAL, 0)
            finished += 1
        except KeyboardInterrupt:
            pass
    signal.setitimer(signal.ITIMER_REAL, 0)
    with store.write() as session:
        count = session.value("SELECT count(*) FROM experiment")
    say(finished, count)
    wait_for_test()


def interrupt_queries(path: Path, times: int) -> None:
    """Interrupt queries that would take for ever, and tell what comes of it, and whether it came soon."""
    from registry import ExperimentRegistry

    registry = ExperimentRegistry(path)
    registry.count()
    for n in range(times):
        signal.setitimer(signal.ITIMER_REAL, 0.2 + n / 20)
        began = time.monotonic()
        try:
            registry.sql("SELECT count(*) FROM range(10000000000000)")
        except BaseException as error:
            say(type(error).__name__, "soon" if time.monotonic() - began < 5 else "late")


# -- forks -----------------------------------------------------------------------------------------


def fork_in_session(path: Path, how: str) -> None:
    """Fork in an open session of this thread; the child then does what it can once the parent is through."""
    store = Store(path)
    ready, go = os.pipe()
    with store.read() if how == "read" else store.write() as session:
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                os.close(go)
                os.read(ready, 1)
                _in_forked_child(store)
            os._exit(1)
        if how == "write":
            session.run("DELETE FROM store.tag WHERE tag = 'sweep'")
    store.register(config(50, "parent"))
    store.sync()
    os.close(go)
    say(os.waitpid(child, 0)[1])
    say(len(store.spool.names()))


def _in_forked_child(store: Store) -> None:
    store.register(config(51, "child"))
    for attempt in (store.read, store.write):
        try:
            with attempt() as session:
                say("child sees", session.value("SELECT count(*) FROM experiment"))
        except Exception as error:
            say(type(error).__name__, str(error).replace("\n", " "))
    store.close()
    os._exit(0)


def fork_beside_sessions(path: Path, times: int) -> None:
    """Fork again and again while other threads read and write; every child must be able to do both."""
    store = Store(path, wait=60)
    over = threading.Event()

    def busy(n: int) -> None:
        while not over.is_set():
            with store.read() if n else store.write() as session:
                session.value("SELECT count(*) FROM experiment")
            time.sleep(0.001)

    threads = [threading.Thread(target=busy, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    failed = 0
    for n in range(times):
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            code = 1
            try:
                mine = Store(path, wait=60)
                mine.register(config(n, "forked"))
                with mine.read() as session:
                    assert session.value("SELECT count(*) FROM experiment") > n
                mine.sync()
                code = 0
            except BaseException as error:
                say(type(error).__name__, error)
            os._exit(code)
        failed += os.waitpid(child, 0)[1] != 0
    over.set()
    for thread in threads:
        thread.join()
    say("failed", failed)


def inspect(path: Path) -> None:
    """Tell everything that is in a registry, as one number, or the error that says why not."""
    import hashlib

    from registry.errors import StoreError
    from registry.store.schema import VIEWS

    digest = hashlib.sha256()
    try:
        with Store(path).read() as session:
            for name in ("experiment", "feature", "hyperparameter", "tag", "note", "old_hash", "event", *VIEWS):
                for row in sorted(map(repr, session.rows(f"SELECT * FROM {name}"))):
                    digest.update(row.encode(errors="surrogatepass"))
            say("fine", session.value("SELECT count(*) FROM experiment"), digest.hexdigest())
    except StoreError as error:
        say(type(error).__name__, str(error).replace("\n", " "))


def open_plainly(path: Path) -> None:
    """Hold the file open for writing the way a shell of the engine does, without our lock."""
    import duckdb

    try:
        connection = duckdb.connect(str(path))
    except duckdb.Error:
        say("refused")
        return
    say("open")
    wait_for_test()
    connection.close()


# -- places ----------------------------------------------------------------------------------------


def as_nobody(path: Path, what: str) -> None:
    """Do something as a user who may not write there; see `tests.store.conftest.as_others_may`."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:  # import everything while we may still read it
        warm = Store(Path(folder) / "warm.duckdb")
        warm.register(config(0))
        with warm.write() as session, warm.read():
            session.value("SELECT 1")
        with lock.holding(warm.path, shared=True, timeout=1):
            warm.register(config(1))
            with warm.read() as session:
                session.value("SELECT 1")
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    os.environ["HOME"] = "/"
    os.chdir("/")
    store = Store(path)
    try:
        if what == "register":
            say(store.register(config(7)))
        elif what == "write":
            with store.write():
                say("written")
        elif what == "backup":
            say(store.backup(Path(tempfile.mkdtemp()) / "copy.duckdb"))
        else:
            with store.read() as session:
                say(session.value("SELECT count(*) FROM experiment"))
                wait_for_test()
    except Exception as error:
        say(type(error).__name__, error)
    os._exit(0)


def older_as_nobody(path: Path) -> None:
    """Read a file of an older schema where nothing can be written."""
    from tests.store.test_migrations import NEXT

    Store.__init__.__kwdefaults__["migrations"] = NEXT
    as_nobody(path, "read")


def main() -> None:
    """Run the program that is named."""
    name, path, *rest = sys.argv[1:]
    if name.startswith("interrupt"):
        signal.signal(signal.SIGALRM, signal.default_int_handler)
    types = [kind for key, kind in globals()[name].__annotations__.items() if key not in ("path", "return")]
    made = {"int": int, "float": float, "str": str, "Path": Path}
    globals()[name](Path(path), *(made[kind](text) for kind, text in zip(types, rest, strict=True)))


if __name__ == "__main__":
    main()
