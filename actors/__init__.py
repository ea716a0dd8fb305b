"""Processes, and what one process can be."""
