"""The engine: it asks sources, keeps what is known, and tells what changed. No screen, no files."""
