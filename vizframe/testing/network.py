"""The contract tests of an adapter: does its Network compute as the reference network does?

    class TestMine(NetworkContract):
        def adapt(self, reference: ReferenceNetwork) -> Network:
            return MyNetwork(the_same_model_in_my_framework(reference))

        def adapt_case(self, case: Case) -> Network:
            return MyNetwork(MY_NETS[case.name](case.parts))

``reference.operations`` tells what to build, with which weights. Every result is compared with
`ReferenceNetwork`, to 1e-4 of the largest value. Layer names may be the adapter's own, in the
order of the reference's; where it has more of them, override ``names_of``. What else of a model
must be as before when it was asked (gradients, modes, hooks), ``state_of`` may say. An adapter that
follows no other ReLU rules, or knows no receptive fields, says so by ``follows_rules = False`` and
``has_fields = crops = False``, and is checked for refusing the first with a sentence; one that
hands no relevance back, by ``hands_back = False``.
`testing.cases` are nets that are no chain; ``cases`` names those that a framework can write.
Another form of the same model, such as a compiled one, passes `ChainContract` with ``sound = FEW``.
"""

from __future__ import annotations

from vizframe.testing.cases import Case
from vizframe.testing.network_answers import AnswersContract
from vizframe.testing.network_care import CareContract, State
from vizframe.testing.network_cases import CasesContract
from vizframe.testing.network_excitation import ExcitationContract
from vizframe.testing.network_pair import FEW, Pair, PairContract, assert_close
from vizframe.testing.network_relevance import RelevanceContract

__all__ = [
    "FEW",
    "Case",
    "CasesContract",
    "ChainContract",
    "NetworkContract",
    "Pair",
    "PairContract",
    "State",
    "assert_close",
]


class ChainContract(AnswersContract, RelevanceContract, ExcitationContract, CareContract):
    """What is asked once (`AnswersContract`, `RelevanceContract`), what is asked many times
    (`ExcitationContract`), and that asking leaves all as it was (`CareContract`)."""


class NetworkContract(ChainContract, CasesContract):
    """All of a chain, and of the nets that are none (`CasesContract`)."""
