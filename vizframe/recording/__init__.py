"""What records: the recorder, its schedules and budget, scripts run unedited, checkpoints."""
