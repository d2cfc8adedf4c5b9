"""The contract tests of an adapter: does its Network compute as the reference network does?

    class TestMine(NetworkContract):
        def adapted(self, reference: ReferenceNetwork) -> Network:
            return MyNetwork(the_same_model_in_my_framework(reference))

``reference.operations`` tells what to build, with which weights. Every result is compared with
`ReferenceNetwork`, to 1e-4 of the largest value. Layer names may be the adapter's own, in the
order of the reference's; where it has more of them, override ``names_of``. What else of a model
must be as before when it was asked (gradients, modes, hooks), ``state_of`` may say. An adapter that
follows no other ReLU rules, or knows no receptive fields, says so by ``follows_rules = False`` and
``has_fields = False``, and is checked for refusing the first with a sentence.
"""

from __future__ import annotations

from vizframe.testing.network_answers import AnswersContract
from vizframe.testing.network_care import CareContract, State
from vizframe.testing.network_excitation import ExcitationContract
from vizframe.testing.network_pair import Pair, PairContract, assert_close

__all__ = ["NetworkContract", "Pair", "PairContract", "State", "assert_close"]


class NetworkContract(AnswersContract, ExcitationContract, CareContract):
    """What is asked once (`AnswersContract`), what is asked many times (`ExcitationContract`), and
    that asking leaves all as it was (`CareContract`)."""
