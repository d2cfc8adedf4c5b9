"""A Gluon model's graph computed on from the outputs of some layers: `vizframe.network.resumed`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vizframe.gluon.bound_graphs import BoundGraphs
from vizframe.gluon.graph.graph import Entry, Graph
from vizframe.gluon.graph.parameters import to_numpy
from vizframe.network import FloatArray
from vizframe.network.resumed import resume_unknown


class ResumedGraphs(BoundGraphs):
    """What `vizframe.network.resumed.ResumableNetwork` asks."""

    def resume(
        self, images: FloatArray, given: Mapping[str, FloatArray], layers: Sequence[str]
    ) -> dict[str, FloatArray]:
        batch = self._settings.check_images(images, self.name)
        return resume_unknown(self.layer, batch, given, layers, self._resumed)

    def _resumed(
        self, batch: FloatArray, given: Mapping[str, FloatArray], asked: Sequence[str]
    ) -> dict[str, FloatArray]:
        kept = {name: self._axes_of(name).kept(values) for name, values in given.items()}
        names = {name: f"vizframe_given{place}" for place, name in enumerate(sorted(given))}
        sources = {self._entries[name]: names[name] for name in given}
        graph = _feed_all(self._graph.with_heads([self._entry(name) for name in asked]), sources)
        compiled = self._bind(
            ("resumed", tuple(sorted(given)), tuple(asked)),
            graph,
            batch.shape,
            own={names[name]: values.shape for name, values in kept.items()},
        )
        self._fill(compiled, batch)
        for name, values in kept.items():
            if names[name] in compiled.inputs:
                compiled.inputs[names[name]][:] = values
        outputs = zip(asked, compiled.forward(), strict=True)
        return {name: self._axes_of(name).outside(to_numpy(output)) for name, output in outputs}


def _feed_all(graph: Graph, sources: Mapping[Entry, str]) -> Graph:
    """The graph with each source given as a variable; the last first, since what lies before a new
    variable keeps its number."""
    for entry in sorted(sources, reverse=True):
        graph = graph.feed(entry, sources[entry])
    return graph
