"""Rights of a data subject: restriction (UU 27/2022 art. 41) and erasure (art. 43-44)."""
