"""Who may do what: principals, actions, decisions."""
