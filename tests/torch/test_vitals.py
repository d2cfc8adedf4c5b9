"""The vitals of trainings in PyTorch: parameters seen in place, targets read from the loss."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from vizframe.network.parameter import parameter_views
from vizframe.torch.optimiser import updates
from vizframe.torch.targets import target_of
from vizframe.torch.view import view

nn = torch.nn


def test_views_follow_the_weights_and_say_what_is_trained() -> None:
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(48, 2))
    net[0].requires_grad_(False)
    found = {each.name: each for each in parameter_views(view(net, (1, 6, 6)))}
    trained = {name for name, each in found.items() if each.is_trained}
    assert trained == {"1.weight", "1.bias", "3.weight", "3.bias"}
    assert {"0.weight", "1.running_mean"} <= set(found)
    weight = found["3.weight"]
    assert (weight.layer, weight.shape, weight.is_kernel) == ("3", (2, 48), True)
    assert weight.gradient() is None
    with torch.no_grad():
        net[3].weight.fill_(2)
    assert (weight.values() == 2).all()
    with pytest.raises(ValueError, match="read-only"):
        weight.values()[0, 0] = 1
    net(torch.ones(4, 1, 6, 6)).sum().backward()
    gradient, own = weight.gradient(), net[3].weight.grad
    assert gradient is not None
    assert own is not None
    np.testing.assert_array_equal(gradient, own.numpy())


LABELS = torch.tensor([0, 2, 1, 2])
AMOUNTS = torch.arange(12.0).reshape(4, 3) / 12


@pytest.mark.parametrize(("loss", "wanted"), [
    (lambda scores: functional.cross_entropy(scores, LABELS), LABELS),
    (lambda scores: 3 * functional.cross_entropy(scores, LABELS, label_smoothing=0.1), LABELS),
    (lambda scores: nn.NLLLoss()(scores.log_softmax(1), LABELS) + 0.1 * scores.pow(2).sum(),
     LABELS),
    (lambda scores: functional.mse_loss(scores, AMOUNTS), AMOUNTS),
    (lambda scores: functional.binary_cross_entropy_with_logits(scores, AMOUNTS), AMOUNTS),
    (lambda scores: functional.huber_loss(scores, AMOUNTS), AMOUNTS),
    (lambda scores: scores.sum(), None),
    (lambda scores: scores.detach().sum(), None),
])  # fmt: skip
def test_targets_are_read_from_the_loss(loss, wanted) -> None:  # type: ignore[no-untyped-def]
    scores = torch.randn(4, 3, requires_grad=True)
    found = target_of(loss(scores))
    assert (found is None) if wanted is None else torch.equal(found, wanted)


def test_hooks_of_the_script_on_what_is_kept_are_not_called() -> None:
    called: list[int] = []

    def unpack(kept: torch.Tensor) -> torch.Tensor:
        called.append(1)
        return kept

    scores = torch.randn(4, 3, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda each: each, unpack):
        loss = functional.cross_entropy(scores, LABELS)
    assert target_of(loss) is None
    assert not called
    loss.backward()
    assert target_of(loss) is None  # nothing is kept any more


SCRIPT = """
import torch
from torch.nn import functional as F
torch.manual_seed(0)
x = torch.randn(600, 8)
y = (x[:, 0] > 0).long() * 2 + (x[:, 1] > 0).long()
net = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4){last})
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for step in range(40):
    rows = torch.randint(0, 600, (32,))
    loss = F.cross_entropy(net(x[rows]), y[rows])
    {zero}
    loss.backward()
    optimizer.step()
"""


@pytest.mark.parametrize(("last", "zero", "wanted"), [
    ("", "optimizer.zero_grad()", set()),
    (", torch.nn.Softmax(1)", "optimizer.zero_grad()", {"normalized_scores"}),
    (", torch.nn.ReLU()", "optimizer.zero_grad()", {"bounded_scores"}),
    ("", "pass", {"gradients_add_up"}),
])  # fmt: skip
def test_what_is_wrong_with_raw_tensors_and_a_functional_loss_is_found(
    last: str, zero: str, wanted: set[str], tmp_path: Path
) -> None:
    assert alarms(SCRIPT.format(last=last, zero=zero), tmp_path) == wanted


def alarms(script: str, folder: Path) -> set[str]:
    """The rules that gave an alarm on a script as `vizframe record` runs it."""
    from vizframe import store
    from vizframe.cli import main

    (folder / "train.py").write_text(script)
    words = ["record", "--every", "1000", "--plugins", "weights", "--run", str(folder / "run")]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with pytest.raises(SystemExit) as ended:
            main([*words, "--", "train.py"])
    assert not ended.value.code
    history = store.open(folder / "run")
    try:
        return {each.rule for each in history.findings() if each.severity == "alarm"}
    finally:
        history.close()


def test_views_say_which_parameters_an_optimiser_holds_once_all_could_be_seen() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    kernels = [each for each in parameter_views(view(net, (3,))) if each.is_kernel]
    optimizer = torch.optim.SGD(net[1].parameters())
    updates.clear()  # of other tests
    for count, wanted in ((1, [None, None]), (2, [False, True])):
        updates[optimizer] = count
        assert [each.is_updated() for each in kernels] == wanted
    del updates[optimizer]
