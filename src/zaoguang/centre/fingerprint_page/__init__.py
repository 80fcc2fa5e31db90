"""The fingerprint page: one HTML file that makes fingerprints on the survivor's own device and sends nothing (P01)."""
