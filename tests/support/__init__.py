"""What several parts of the suite share: clocks, fakes, servers."""
