"""The contract tests that adapters, stores and plugins pass, ours and those of third parties."""
