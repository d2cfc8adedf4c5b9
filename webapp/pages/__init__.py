"""The pages that Dash draws whole: Training, Network, Runs."""
