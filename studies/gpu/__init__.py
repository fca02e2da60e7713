"""The CPU against a GPU of this machine."""
