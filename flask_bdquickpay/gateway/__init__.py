"""The wire to the gateway: create and verify, JSON to frozen dataclasses."""
