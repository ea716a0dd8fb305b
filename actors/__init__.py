"""Processes, and what one process can be."""

from actors.runtime import run

__all__ = ["run"]
