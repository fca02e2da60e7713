"""Two results folders side by side: the same rows before and after a change."""
