"""pykka's own tests, unmodified, with lightweight processes as another of its runtimes."""
