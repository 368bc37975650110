"""The hub: contracts, landing, validation, identity, survivorship, sealing, publishing, command line."""
