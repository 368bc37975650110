"""Tables in, judged pairs and clusters out. Knows no hub, no user, no key, no HTTP."""
