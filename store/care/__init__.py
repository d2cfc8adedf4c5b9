"""What looks after runs: check, compact, remove."""
