"""The transactional hub: tables, units of work, and the database port."""
