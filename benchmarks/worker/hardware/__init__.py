"""What the measuring process learns of the machine that it is on: cores, caches, memory, GPU, pace."""
