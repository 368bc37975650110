"""HTTP and pages on top of the hub."""
