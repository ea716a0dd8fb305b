"""The compositor example, room by room."""
