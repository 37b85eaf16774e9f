"""The rules by which the reducer moves a run, one module for each kind of news."""
