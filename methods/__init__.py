"""Trainers, encoders, indexes, learned trees, and the methods that are made of them."""
