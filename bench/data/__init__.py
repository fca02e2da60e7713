"""From a dataset's name to a task in memory."""
