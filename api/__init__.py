"""HTTP and pages on top of the hub. The rooms stand ready; the service moves in later."""
