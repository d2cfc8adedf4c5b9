"""How many faulty trainings are recognised, and how many sound ones are left in peace.

    python -m benchmarks.diagnosis_exam FOLDER [FOLDER …] [--seeds 3] [--jobs 1] [--only f0]

A folder of the exam holds scripts and ``cases.json``: for each script its symptom (``healthy`` for
none), the step at which it begins and the guilty layers. ``--fixed`` repairs a faulty one, ``SEED``
chooses its random numbers. Each is recorded as it is, by ``vizframe record``, and judged by
``vizframe diagnose --json``. `benchmarks/healthy` holds sound trainings of other kinds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.command import command_line
from vizframe import store
from vizframe.diagnosis.report import Report

ACCEPTED = {
    "exploding": {"exploding", "nan", "dead_relu", "oscillating", "saturated"},
    "nan": {"nan", "exploding"},
    "vanishing_gradient": {"vanishing_gradient", "saturated", "dead_relu"},
    "dead_relu": {"dead_relu", "exploding"},
    "saturated": {"saturated", "vanishing_gradient", "exploding"},
    "oscillating": {"oscillating", "exploding", "saturated"},
    "not_learning": {"not_learning"},
    "frozen": {"frozen"},
    "symmetry": {"symmetry", "vanishing_gradient"},
}
"""For each symptom what may be named in its place: what brings it about, or what it brings about
at once. Of others nothing but themselves."""

ONSET = {"nan": 1, "exploding": 10, "dead_relu": 30}
"""Steps by which the onset may be missed."""


@dataclass(frozen=True)
class Case:
    """One training to be judged."""

    script: Path
    symptom: str
    onset: str
    layers: str
    fixed: bool
    seed: int

    @property
    def is_sound(self) -> bool:
        return self.fixed or self.symptom == "healthy"

    @property
    def title(self) -> str:
        return f"{self.script.stem}{' --fixed' if self.fixed else ''} seed {self.seed}"


@dataclass(frozen=True)
class Verdict:
    """What was said of it."""

    case: Case
    main: dict[str, Any] | None
    consequences: Sequence[dict[str, Any]]
    kernels: Sequence[str]

    @property
    def alarms(self) -> list[dict[str, Any]]:
        return [] if self.main is None else [self.main, *self.consequences]

    @property
    def named_first(self) -> bool:
        return self.main is not None and self.main["symptom"] == self.case.symptom

    @property
    def named(self) -> bool:
        """Whether the cause is named, or what may stand in its place, as the first."""
        allowed = ACCEPTED.get(self.case.symptom, {self.case.symptom})
        return self.main is not None and self.main["symptom"] in allowed

    @property
    def own(self) -> dict[str, Any] | None:
        """The alarm of the right symptom."""
        return next((a for a in self.alarms if a["symptom"] == self.case.symptom), None)

    @property
    def onset_error(self) -> int | None:
        """Steps outside of the range in which it begins; None where that is not known."""
        if self.main is None or not self.case.onset:
            return None
        low, _, high = self.case.onset.partition("-")
        said = (self.own or self.main)["since"]
        return int(max(0, int(low) - said, said - int(high or low)))

    @property
    def layer_named(self) -> bool | None:
        """Whether a guilty layer is among those named; None where none is."""
        guilty = guilty_layers(self.case.layers, self.kernels)
        if not guilty or self.main is None:
            return None
        return any(guilty & set(each["layers"]) for each in self.alarms[:2])


def guilty_layers(words: str, kernels: Sequence[str]) -> set[str]:
    """The layers that the exam's words mean, of those with kernels in forward order."""
    if not words or words == "data" or not kernels:
        return set()
    if "first" in words:
        return set(kernels[:2])
    if words == "last":
        return {kernels[-1]}
    if "hidden" in words and "dense" not in words:
        return set(kernels[:-1])
    numbers = [
        int(word.strip(",").removeprefix("dense"))
        for word in words.split()
        if word.startswith("dense") and word.strip(",").removeprefix("dense").isdecimal()
    ]
    return {kernels[number] for number in numbers if number < len(kernels)} or set(kernels)


def cases(folders: Sequence[Path], seeds: int, only: str) -> Iterator[Case]:
    """All of the folders, faulty and repaired, seed by seed."""
    for folder in folders:
        told = json.loads((folder / "cases.json").read_text())
        for name, about in sorted(told.items()):
            if only and not name.startswith(tuple(only.split(","))):
                continue
            onset = about["onset"]
            words = "" if onset is None else str(onset)
            script = (folder / f"{name}.py").resolve()
            for seed in range(seeds):
                for fixed in (False, True) if has_twin(script, about) else (False,):
                    yield Case(script, about["symptom"], words, about["layers"], fixed, seed)


def has_twin(script: Path, about: dict[str, Any]) -> bool:
    """Whether the faulty script knows ``--fixed``."""
    return about["symptom"] != "healthy" and "FIXED" in script.read_text()


def judge(case: Case) -> Verdict:
    """Record the case and ask for its diagnosis."""
    with tempfile.TemporaryDirectory() as work:
        run = Path(work) / "run"
        wanted = ["--every", "1000000", "--plugins", "weights", "--run", str(run)]
        script = [str(case.script), *(["--fixed"] if case.fixed else [])]
        environment = {**os.environ, "SEED": str(case.seed), "OMP_NUM_THREADS": "1"}
        recorded = vizframe(["record", *wanted, "--", *script], environment)
        if recorded.returncode:
            raise RuntimeError(f"{case.title}: {recorded.stderr[-2000:]}")
        return diagnosed(case, sorted(Path(work).iterdir()))


def diagnosed(case: Case, runs: Sequence[Path]) -> Verdict:
    """What the findings of the runs say, one of each net that the script trained: the first that
    has an alarm, or the first."""
    verdicts = []
    for run in runs:
        with closing(store.open(run)) as history:
            report = Report.of(history.findings())
            layers = history.info.layers
        kernels = [each.name for each in layers if len(each.parameters.get("weight", ())) >= 2]
        main = None if report.main is None else report.main.model_dump()
        verdicts.append(Verdict(case, main, [f.model_dump() for f in report.consequences], kernels))
    return next((each for each in verdicts if each.main is not None), verdicts[0])


def vizframe(words: Sequence[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vizframe", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def show(verdict: Verdict) -> None:
    case, main = verdict.case, verdict.main
    said = "no alarm" if main is None else f"{main['symptom']} since {main['since']}"
    others = ", ".join(f"{a['symptom']} {a['since']}" for a in verdict.consequences)
    wanted = "sound" if case.is_sound else f"{case.symptom} since {case.onset}"
    good = (main is None) if case.is_sound else verdict.named
    mark = "ok  " if good else "MISS"
    layer = {None: "", True: "layer named", False: "LAYER NOT NAMED"}[verdict.layer_named]
    print(f"{mark} {case.title:45} {wanted:28} {said} ({others}) {layer}", flush=True)


def summarise(verdicts: Sequence[Verdict]) -> None:
    faulty = [each for each in verdicts if not each.case.is_sound]
    sound = [each for each in verdicts if each.case.is_sound]
    layered = [each.layer_named for each in faulty if each.layer_named is not None]
    print()
    print(share("faulty detected", [each.main is not None for each in faulty]))
    print(share("named, or accepted", [each.named for each in faulty]))
    print(share("named exactly first", [each.named_first for each in faulty]))
    print(share("guilty layer named", layered))
    print(share("alarms on sound ones", [each.main is not None for each in sound]))
    for symptom, most in ONSET.items():
        errors = [e.onset_error for e in faulty if e.case.symptom == symptom]
        known = [each for each in errors if each is not None]
        print(share(f"onset of {symptom} within {most}", [each <= most for each in known]))


def share(what: str, hits: Sequence[bool]) -> str:
    part = f" ({sum(hits) / len(hits):.0%})" if hits else ""
    return f"{what:32} {sum(hits):4} of {len(hits)}{part}"


def main() -> None:
    parser = command_line(__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", help="beginnings of names, by comma")
    given = parser.parse_args()
    todo = list(cases(given.folders, given.seeds, given.only))
    verdicts = []
    with ThreadPoolExecutor(given.jobs) as pool:
        for verdict in pool.map(judge, todo):
            show(verdict)
            verdicts.append(verdict)
    summarise(verdicts)


if __name__ == "__main__":
    main()
