"""When each case is asked for a sample, and when there are enough."""
