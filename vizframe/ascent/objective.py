"""The objective: which way is up, and what it costs.

S(y)  or  −S(y)          the unit's activation, raised or lowered
− λ ‖x‖²                 Simonyan et al. 2013, equation 1; x = s · y in pixels
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from vizframe.ascent.pixels import Pixels, factor
from vizframe.network import DeviceArray, Excitation, FloatArray, Objective


class Uphill:
    """An excitation with a direction: raise the asked units, or lower them.

    ``strength`` multiplies each image's gradient: `vizframe.ascent.strength`.

    It asks the excitation on construction. `objective` and `strongest` tell of the last
    `gradient`.
    """

    def __init__(
        self,
        excitation: Excitation,
        objective: Objective,
        pixels: Pixels,
        *,
        minimise: bool = False,
        l2: float = 0.0,
        strength: FloatArray | None = None,
    ) -> None:
        self.excitation = excitation
        self.sign = -1.0 if minimise else 1.0
        self._units = objective.units
        self._pull = (
            factor(excitation.ops, [2 * l2 * scale * scale for scale in pixels.scale])
            if l2
            else None
        )
        self._answer: DeviceArray | None = None
        excitation.ask(with_direction(objective, self.sign, strength))

    def gradient(self, image: DeviceArray) -> DeviceArray:
        """The way up, without the penalty."""
        self._answer, gradient = self.excitation.evaluate(image)
        return gradient

    def penalised_gradient(self, values: DeviceArray, gradient: DeviceArray) -> DeviceArray:
        """The gradient less that of λ‖x‖², for values that are network inputs."""
        return gradient if self._pull is None else gradient - values * self._pull

    def objective(self) -> FloatArray:
        """The units' activations, (batch,), without sign and penalty."""
        if self._answer is None:
            raise RuntimeError("an objective has no value before its first gradient")
        return self.excitation.ops.to_numpy(self._answer).copy()

    def strongest(self) -> npt.NDArray[np.bool_]:
        """Whether each asked unit responded more strongly (more weakly, if lowered) than all
        others of its layer, (batch,)."""
        responses = self.excitation.ops.to_numpy(self.excitation.responses())
        if self.sign < 0:
            responses = -responses
        own = responses[np.arange(len(responses)), self._units][:, None]
        beaten = (responses >= own).sum(axis=1)
        alone: npt.NDArray[np.bool_] = beaten == 1
        return alone


def with_direction(
    objective: Objective, sign: float, strength: FloatArray | None = None
) -> Objective:
    """The objective whose gradient leads up (1) or down (−1), so many times as strong; its value
    stays as it is."""
    heads = np.full(len(objective.units), sign, np.float32)
    return replace(objective, output_gradients=heads if strength is None else heads * strength)
