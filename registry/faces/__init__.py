"""The parts of `ExperimentRegistry`, each one kind of work; every method resolves what is meant and delegates."""
