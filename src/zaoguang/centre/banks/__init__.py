"""The centre's banks: what may be matched now, by the database's word; and the index over it, which is a cache."""
