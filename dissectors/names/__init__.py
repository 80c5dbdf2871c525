"""Where names come from in a capture: DNS and its relatives, and TLS ClientHellos."""
