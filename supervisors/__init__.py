"""Who is responsible for whom."""
