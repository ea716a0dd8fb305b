"""Processes inside other people's programs: web applications, notebooks, tests."""
