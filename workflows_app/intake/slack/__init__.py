"""What people do in Slack: the buttons of our messages, and little else."""
