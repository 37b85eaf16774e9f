"""The worker: a supervisor that runs nobody's code, and executors that do."""
