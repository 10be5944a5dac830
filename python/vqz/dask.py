"""Dask clusters: models that all workers know."""

from __future__ import annotations

import os
from typing import Any

from distributed.diagnostics.plugin import WorkerPlugin

from vqz.models import Model, find_model, tell_elsewhere

__all__ = ["ModelPlugin"]


class ModelPlugin(WorkerPlugin):
    """Brings models to all workers of a cluster, present and future, once each. Tasks then name a model by its hash.

    Parameters
    ----------
    *models : Model, str or path
        Models, names of models that ship with vqz, or ``.vqm`` files.
    threads : int, default 1
        How many threads a task codes a chunk with. Dask runs several tasks at a time, so that one is right where there are as many
        tasks as processors.

    Notes
    -----
    From then on, pickles of these models and their codecs hold no more than a hash, in this process and in the workers. What is to be
    kept in a file is kept by :meth:`vqz.Model.save`.

    Examples
    --------
    >>> client.register_plugin(vqz.dask.ModelPlugin(model))  # doctest: +SKIP
    """

    name = "vqz-models"

    def __init__(self, *models: Model | str | os.PathLike[str], threads: int = 1) -> None:
        found = [find_model(model) for model in models]
        self._process = os.getpid()
        self._packages = [model.to_bytes() for model in found]
        self._threads = threads
        self.name = f"vqz-models-{'-'.join(model.sha256[:8] for model in found)}"
        for model in found:
            model.register()
        # From now on this process sends hashes.
        tell_elsewhere(found)

    def setup(self, worker: Any) -> None:
        """Called by each worker when it starts."""
        import vqz

        models = [Model.from_bytes(package).register() for package in self._packages]
        tell_elsewhere(models)
        # Workers that are threads of the user's own process leave its threads as they are.
        if "VQZ_NUM_THREADS" not in os.environ and os.getpid() != self._process:
            vqz.set_threads(self._threads)
