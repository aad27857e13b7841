"""How it is timed: what is asked for, the clock, the schedule, the processes, the doors through which people come."""
