"""What a capture shows beside the negotiations: KDC exchanges, name look-ups, vain connection attempts."""
