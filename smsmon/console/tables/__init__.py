"""The tables of the console: rows, columns and the panes they stand in."""
