"""How fast, how much memory, and how it grows: the whole path beside bare Splink, in one run."""
