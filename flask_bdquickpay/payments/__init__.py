"""What a payment is, and everything that may happen to it."""
