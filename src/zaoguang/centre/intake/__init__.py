"""A survivor's items as fingerprints come in; never a picture."""
