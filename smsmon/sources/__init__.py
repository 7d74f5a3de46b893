"""Sources: where message ids come in by themselves, from a log, a command, or answers to sends."""
