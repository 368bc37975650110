"""People nobody is, written as the three providers' files, with the truth beside them."""
