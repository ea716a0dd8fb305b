"""Programs to run and to read; ``python3 -m examples`` lists them in reading order."""
