"""Many inputs into one film: a compositor of supervised actors."""
