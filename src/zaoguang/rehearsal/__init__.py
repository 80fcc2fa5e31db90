"""A make-believe world on loopback: survivor, hostile sites, platforms, mailbox; harmless photographs only."""
