"""This side of the measuring processes: start them, ask them, notice how they end, leave none behind."""
