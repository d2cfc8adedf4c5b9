"""NaN and ±inf: in the loss, a gradient, a weight, an activation or the batch itself."""

from __future__ import annotations

import math

from vizframe.diagnosis.course import Course, Pulse, Reading
from vizframe.diagnosis.rule import Rule, Sign, listed


class NonFinite(Rule):
    """Weights that are NaN stay so. The loss need not say it: MXNet's ``Activation('relu')`` and
    max pooling turn NaN into a number, so gradients and weights are looked at, too."""

    name = "nonfinite"
    symptom = "nan"
    threshold = "one value that is NaN or infinite, in the loss, a gradient or a weight"
    reason = "no update brings such a weight back"
    source = "ours: one NaN pixel left the loss at a finite 2.3 for the rest of the training"

    def look(self, course: Course) -> Sign | None:
        pulse = next((each for each in course.pulses if is_bad(each)), None)
        reading = next((each for each in course.readings if bad_parameters(each)), None)
        if pulse is None and reading is None:
            return None
        first = min(each.step for each in (pulse, reading) if each is not None)
        newest = course.newest
        stays = newest is not None and bool(bad_parameters(newest))
        if pulse is not None and pulse.step == first:
            what, where, layers = _of_pulse(course, pulse)
        else:
            assert reading is not None
            names = bad_parameters(reading)
            layers = _layers(reading, names)
            what = f"{listed(names)} holds NaN or infinite weights at step {first}"
            where = ""
        causes = [each for each in course.pulses if each.bad_inputs and each.step <= first]
        if causes:
            cause = (
                f"the batch of step {causes[-1].step} holds {causes[-1].bad_inputs} values that "
                "are NaN or infinite"
            )
            remedy = "look at that batch; drop or mend such examples: np.isfinite(batch).all()"
        else:
            cause = "numbers grew beyond what float32 holds, or a logarithm or division met 0"
            remedy = "a learning rate ten times lower; gradients clipped to norm 1"
            rate = course.rate
            if rate is not None:
                remedy = f"a learning rate of {rate / 10:g} instead of {rate:g}; gradients clipped"
        steps = [each.step for each in course.pulses]
        return Sign(
            "alarm" if stays or not _recovered(course) else "note",
            first,
            f"{what}{where} (the threshold is one such value)",
            cause,
            remedy,
            layers,
            curve=("loss", steps, [each.loss for each in course.pulses]),
        )


def is_bad(pulse: Pulse) -> bool:
    """Whether the loss of a step is NaN or infinite, or a gradient is. A loss that is NaN because
    none was seen says nothing."""
    lost = math.isinf(pulse.loss) or (pulse.told and math.isnan(pulse.loss))
    return lost or any(not math.isfinite(g) for g in pulse.gradients.values())


def bad_parameters(reading: Reading) -> list[str]:
    return [name for name, each in reading.parameters.items() if each.bad]


def _recovered(course: Course) -> bool:
    """Whether there were five sound steps since, as where a script skips such updates."""
    newest = list(course.pulses)[-5:]
    return len(newest) == 5 and not any(is_bad(each) for each in newest)


def _of_pulse(course: Course, pulse: Pulse) -> tuple[str, str, list[str]]:
    names = [name for name, norm in pulse.gradients.items() if not math.isfinite(norm)]
    if not names:
        scores = [course.score_layer] if course.score_layer else []
        where = f" behind {course.score_layer}, of gradients that are numbers" if scores else ""
        return f"the loss is {pulse.loss} at step {pulse.step}", where, scores
    newest = course.newest
    layers = [] if newest is None else _layers(newest, names)
    finite = math.isfinite(pulse.loss)
    where = f", while the loss is still {pulse.loss:.4g}" if finite else ""
    sentence = f"the gradient of {listed(names)} is NaN or infinite at step {pulse.step}"
    return sentence, where, layers


def _layers(reading: Reading, names: list[str]) -> list[str]:
    found = [reading.parameters[name].layer for name in names if name in reading.parameters]
    return list(dict.fromkeys(each for each in found if each))
