"""Asking a network what its units are for: of a model that is at hand, or of the weights that a run
keeps.

    question   what is asked and told       at_hand    a model in this process
    apart      a run's own network, in      child      that process
               a process beside this one    wire       how the two speak
"""
