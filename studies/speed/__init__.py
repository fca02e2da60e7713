"""Treeline beside its peers and a CPU beside a GPU, each measured in the same run."""
