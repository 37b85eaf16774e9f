"""Text from outside before it is shown to people, on whatever surface."""
