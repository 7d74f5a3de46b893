"""What survives a restart: ``watchlist.toml`` (for people too) and ``history.db`` (SQLite)."""
