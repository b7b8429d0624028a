"""Computes rows again from archived raw records: gather the archive, compute in batch, compare, repair."""
