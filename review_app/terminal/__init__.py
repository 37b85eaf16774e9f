"""What the commands of people share: as whom, what is printed and asked, how it ended."""
