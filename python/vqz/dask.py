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

    Examples
    --------
    >>> client.register_plugin(vqz.dask.ModelPlugin(model))  # doctest: +SKIP
    """

    name = "vqz-models"

    def __init__(self, *models: Model | str | os.PathLike[str], threads: int = 1) -> None:
        found = [find_model(model) for model in models]
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
        if "VQZ_NUM_THREADS" not in os.environ:
            vqz.set_threads(self._threads)
