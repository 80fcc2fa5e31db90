"""What was seen, sealed; and the log that chains the seals."""
