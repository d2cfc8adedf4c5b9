"""A question to a network: its plan, its target, and the compiled graph that is asked."""
