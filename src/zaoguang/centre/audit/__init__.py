"""Who did what and when; and the centre's clock."""
