"""Requests as messages in Slack: what they show, and how they get there and stay true."""
