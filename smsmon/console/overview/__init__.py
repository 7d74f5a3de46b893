"""What the tables show: rows and columns as pure functions, no widgets."""
