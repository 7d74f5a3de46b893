"""The store of a team, on PostgreSQL."""
