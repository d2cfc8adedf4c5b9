"""The rules there are: vizframe's own, and those of installed packages (entry points of group
``vizframe.rules``, each a subclass of `Rule`). A broken one is named and left out."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

from vizframe.diagnosis.rule import Rule
from vizframe.diagnosis.rules import RULES
from vizframe.errors import PluginError

GROUP = "vizframe.rules"


def load_rules(
    points: Iterable[EntryPoint] | None = None,
) -> tuple[list[Rule], list[str]]:
    """All rules, and a sentence for each that cannot be used.

    Args:
        points: where to look instead of in what is installed.
    """
    rules: list[Rule] = [rule() for rule in RULES]
    taken = {rule.name for rule in rules}
    broken: list[str] = []
    for point in entry_points(group=GROUP) if points is None else points:
        try:
            rule = check_rule(point.load())()
            if rule.name in taken:
                raise PluginError(f"the name {rule.name!r} is taken; give it another one")
        except Exception as error:  # it is anybody's code
            reason = (
                str(error) if isinstance(error, PluginError) else f"{type(error).__name__}: {error}"
            )
            broken.append(f"rule {point.name!r} from {point.value} cannot be used: {reason}")
            continue
        taken.add(rule.name)
        rules.append(rule)
    return rules, broken


def check_rule(offered: object) -> type[Rule]:
    """The rule, after what can be known of it has been checked.

    Raises:
        PluginError: the sentence says what is missing.
    """
    if not (isinstance(offered, type) and issubclass(offered, Rule)):
        raise PluginError(f"it gives {offered!r}; it can give a subclass of Rule")
    for field in ("name", "symptom", "threshold", "reason", "source"):
        if not isinstance(getattr(offered, field, None), str):
            raise PluginError(f'{offered.__name__} has no {field}; give it {field} = "…"')
    return offered
