"""The review queue in parts: whose requests, which of them, in which order, told how."""
