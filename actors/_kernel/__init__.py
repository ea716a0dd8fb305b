"""The kernel: private to `process`, `naming` and `runtime`."""
