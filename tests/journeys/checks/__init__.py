"""The 25 things that a reviewer must be able to rely on, each shown in a real browser."""
