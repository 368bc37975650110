"""How long work is done: in order, at the same time, in the background, one at a time, with progress."""
