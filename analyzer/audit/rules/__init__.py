"""The rules, one file per family; `analyzer.audit.registry.FAMILIES` lists them."""
