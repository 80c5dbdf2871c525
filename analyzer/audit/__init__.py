"""Judge the tables by rules: who offers or uses what is weak, and what to do about it."""
