"""What came out: the run file, its statistics, the tidy frame, tables, pictures, reports. Never imports jax."""
