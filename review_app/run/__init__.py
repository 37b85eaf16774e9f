"""What the pages of runs show, part by part."""
