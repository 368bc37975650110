"""Who is asking: bearer tokens of clients, sessions of staff."""
