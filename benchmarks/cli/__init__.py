"""What is typed: options parsed, one function called, one thing printed."""
