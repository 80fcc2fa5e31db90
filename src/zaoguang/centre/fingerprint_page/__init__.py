"""The fingerprint page: one HTML file that makes fingerprints on her own device and sends nothing unasked (P01)."""
