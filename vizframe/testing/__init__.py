"""The exams that adapters, stores and plugins sit, ours and those of third parties."""
