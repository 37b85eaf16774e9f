"""The page of the queue: its rows, and what can be done with them."""
