"""A Gluon Estimator with a recorder."""

from __future__ import annotations

import numpy as np

from vizframe.gluon.compat import mx
from vizframe.gluon.estimator import RecordSteps
from vizframe.history import RunInfo
from vizframe.history.memory import MemoryRun, MemoryWriter
from vizframe.network.probe import Probe
from vizframe.recording.recorder import Recorder

gluon = mx.gluon


def test_every_update_of_an_estimator_is_recorded_with_its_loss_and_metrics() -> None:
    runs = []

    def open_writer(info: RunInfo, probe: Probe) -> MemoryWriter:
        runs.append(MemoryRun(info, probe))
        return runs[-1].writer()

    images = mx.nd.array(np.random.default_rng(0).random((12, 1, 6, 6)))
    labels = mx.nd.array([0, 1, 2] * 4)
    net = gluon.nn.HybridSequential()
    net.add(gluon.nn.Conv2D(4, 3, activation="relu"), gluon.nn.Dense(3))
    net.initialize()
    trainer = gluon.Trainer(net.collect_params(), "sgd")
    estimator = gluon.contrib.estimator.Estimator(
        net=net,
        loss=gluon.loss.SoftmaxCrossEntropyLoss(),
        train_metrics=mx.metric.Accuracy(),
        trainer=trainer,
    )
    estimator.logger.disabled = True
    data = gluon.data.DataLoader(gluon.data.ArrayDataset(images, labels), batch_size=4)
    with Recorder(net, open_writer, every=2, plugins=["weights"], strict=True) as recorder:
        estimator.fit(data, epochs=2, event_handlers=[RecordSteps(recorder)])
    history = runs[-1].history()
    assert list(history.steps) == [0, 2, 4, 6]
    np.testing.assert_allclose(history.scalars().epoch, [np.nan, 0, 4 / 3, 2])
    scalars = history.scalars().values
    assert np.isfinite(scalars["loss"][1:]).all()
    assert any("accuracy" in name for name in scalars)
