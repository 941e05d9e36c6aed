"""What the buyer sees: HTTP in, one call of the payments, HTTP out."""
