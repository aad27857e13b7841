"""What is asked for: presets and options, and the cases that compete."""
