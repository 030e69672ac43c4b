"""Measurements that docs/ quotes: each prints its figures and how they were got."""
