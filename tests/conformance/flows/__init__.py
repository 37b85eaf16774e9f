"""The workflows of the conformance cases, a module for each section of their list."""
