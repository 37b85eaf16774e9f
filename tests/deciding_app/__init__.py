"""An app with a workflow that asks under any policy, for tests in a browser."""
