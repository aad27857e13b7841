"""What a GPU that is not here would run: compiled for it, and read."""
