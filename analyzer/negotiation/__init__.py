"""Negotiations: putting carrier messages together, and reading what they show."""
