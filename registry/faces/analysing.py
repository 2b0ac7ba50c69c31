"""Questions across many experiments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from registry.faces.base import Base

if TYPE_CHECKING:
    from registry.analysis.ab import Trial
    from registry.analysis.distribution import Spread
    from registry.analysis.grouping import Groups
    from registry.analysis.importance import Importances
    from registry.analysis.matrix import Matrix, Picked
    from registry.analysis.nearest import Distance, Nearest
    from registry.analysis.overfitting import Overfitting
    from registry.analysis.pareto import Front
    from registry.analysis.scatter import Scatter
    from registry.report.gather import Report


class Analysing(Base):
    """What is learnt from many experiments together."""

    def nearest(
        self,
        reference: str,
        count: int = 10,
        *,
        distance: Distance = "l2",
        filter: str = "",
        better: str | None = None,
        metric: str | None = None,
        panel: str | None = None,
        period: str | None = None,
    ) -> Nearest:
        """Return the experiments nearest to one, and what differs in each; see `registry.analysis.nearest`.

        With `better`, a metric such as `m.edge`, only those whose value is better than its own; with `metric` its
        value is told of all.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: the reference is not exactly one.
            FilterError, AmbiguousPanelError: as `search`; or it has no value of the metric itself.
        """
        from registry import references
        from registry.analysis.nearest import nearest

        self._require()
        with self._store.read() as session:
            id_, _ = references.resolve(session, reference)
            return nearest(
                session, id_, count, distance=distance, filter=filter, better=better, metric=metric, panel=panel,
                period=period,
            )  # fmt: skip

    def report(
        self,
        references: Iterable[str],
        *,
        against: str | None = None,
        metric: str = "edge",
        panel: str | None = None,
        period: str | None = None,
    ) -> Report:
        """Return a report on some experiments: `.html()`, `.markdown()`, `.write("report.html")`.

        `against` is the reference, by default the first; verdicts are about `metric`. Metrics, windows and equity
        are those of the latest runs on one panel and period: those chosen, or those that most of them share.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: one of them is not exactly one experiment.
            ExchangeError: there are more than 200.
            FilterError: there is no such panel or period.
        """
        from registry.report.gather import gather

        self._require()
        return gather(self, list(references), against=against, metric=metric, panel=panel, period=period)  # type: ignore[arg-type]

    def ab(
        self,
        control: str,
        candidates: str | Sequence[str],
        metric: str = "edge",
        *,
        panel: str | None = None,
        period: str | None = None,
        screen: bool = False,
        seed: int = 13,
        step: Callable[[str], None] | None = None,
    ) -> Trial:
        """Return whether candidates are better than a control, by their runs; see `registry.analysis.ab`.

        With `screen`, many candidates are screened: the share of false finds is bounded, not the chance of any.
        `step` is told what is being done, for people; what it raises ends the work.

        Raises:
            NotFoundError, AmbiguousHashError, InvalidReferenceError: one is not exactly one experiment, or is
                named twice; or the control has no run there.
        """
        from registry.analysis.ab import ab

        self._require()
        named = [candidates] if isinstance(candidates, str) else candidates
        return ab(
            self,  # type: ignore[arg-type]
            control,
            named,
            metric,
            panel=panel,
            period=period,
            screen=screen,
            seed=seed,
            step=step,
        )

    def overfitting(
        self,
        metric: str = "sharpe",
        *,
        filter: str = "",
        panel: str | None = None,
        period: str | None = None,
        blocks: int = 16,
    ) -> Overfitting:
        """Return how much of the best result is luck, given all that was tried; see `registry.analysis.overfitting`.

        Raises:
            FilterError, AmbiguousPanelError: as `search`; or the metric has no values by date or no direction.
        """
        from registry.analysis.overfitting import overfitting

        with self._store.read() as session:
            return overfitting(session, metric, filter=filter, panel=panel, period=period, blocks=blocks)

    def importance(
        self,
        metric: str,
        *,
        filter: str = "",
        panel: str | None = None,
        period: str | None = None,
        seed: int = 0,
        forest: bool = True,
        hashes: Sequence[str] | None = None,
        step: Callable[[str], None] | None = None,
    ) -> Importances:
        """Return which weights and hyperparameters go with a metric; see `registry.analysis.importance`.

        Without `forest` by rank correlation alone, which takes half the time. With `hashes` (full ones) among these
        instead of what the filter finds. `step` is told what is being done; what it raises ends the work.

        Raises:
            FilterError, AmbiguousPanelError: as `search`.
        """
        from registry.analysis.importance import importance

        with self._store.read() as session:
            return importance(
                session,
                metric,
                filter=filter,
                panel=panel,
                period=period,
                seed=seed,
                forest=forest,
                hashes=hashes,
                step=step,
            )

    def scatter(
        self,
        name: str | None,
        metric: str,
        *,
        filter: str = "",
        panel: str | None = None,
        period: str | None = None,
        hashes: Sequence[str] | None = None,
    ) -> Scatter:
        """Return a weight or hyperparameter against a metric, an experiment a point; see `registry.analysis.scatter`.

        Raises:
            FilterError, AmbiguousPanelError: as `search`; or nobody has such a weight or hyperparameter.
        """
        from registry.analysis.scatter import scatter

        with self._store.read() as session:
            return scatter(session, name, metric, filter=filter, panel=panel, period=period, hashes=hashes)

    def distribution(self, filter: str = "") -> list[Spread]:
        """Return how each feature's weights are spread among the experiments that match, the commonest first.

        Raises:
            FilterError: as `search`.
        """
        from registry.analysis.distribution import distribution

        with self._store.read() as session:
            return distribution(session, filter)

    def pareto(
        self, metrics: Sequence[str], *, filter: str = "", panel: str | None = None, period: str | None = None
    ) -> Front:
        """Return the experiments that none beats in every one of these metrics; see `registry.analysis.pareto`.

        Raises:
            FilterError, AmbiguousPanelError: as `search`; or there are fewer than two, or one without a direction.
        """
        from registry.analysis.pareto import pareto

        with self._store.read() as session:
            return pareto(session, metrics, filter=filter, panel=panel, period=period)

    def group(
        self, by: str, metric: str, *, filter: str = "", panel: str | None = None, period: str | None = None
    ) -> Groups:
        """Return a metric's mean and spread by the values of a column such as `hp.k`; see `registry.analysis.grouping`.

        Raises:
            FilterError, AmbiguousPanelError: as `search`.
        """
        from registry.analysis.grouping import group

        with self._store.read() as session:
            return group(session, by, metric, filter=filter, panel=panel, period=period)

    def pick(
        self,
        filter: str = "",
        *,
        top: int | None = 20,
        by: str | None = None,
        panel: str | None = None,
        period: str | None = None,
    ) -> Picked:
        """Return the best of a selection `by` a metric or a column, and how many there were; see `matrix`.

        Raises:
            FilterError, AmbiguousPanelError: as `search`.
            NoMatchError: nothing matches, or nothing of it has the metric.
        """
        from registry.analysis.matrix import pick
        from registry.errors import NoMatchError

        with self._store.read() as session:
            best = pick(session, filter, top, by, panel, period)
        if best.nothing:
            raise NoMatchError(best.nothing)
        return best

    def matrix(
        self,
        filter: str = "",
        *,
        top: int | None = 20,
        by: str | None = None,
        normalise: bool = False,
        cluster: bool = False,
        against: str | None = None,
        panel: str | None = None,
        period: str | None = None,
    ) -> Matrix:
        """Return the weights of a selection side by side, the best `by` a metric first; see `registry.analysis.matrix`.

        Raises:
            FilterError, AmbiguousPanelError: as `search`.
            NoMatchError: nothing matches, or nothing of it has the metric.
            NotFoundError, AmbiguousHashError, InvalidReferenceError: the reference is not exactly one experiment.
        """
        from registry import references
        from registry.analysis.matrix import matrix

        with self._store.read() as session:
            return matrix(
                session,
                filter,
                top=top,
                by=by,
                normalise=normalise,
                cluster=cluster,
                against=None if against is None else references.resolve(session, against)[1],
                panel=panel,
                period=period,
            )
