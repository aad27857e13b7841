"""How it is timed: cases, devices, the clock, the schedule, and the doors through which people reach them."""
