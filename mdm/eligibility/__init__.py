"""Eligibility: from a profile and a programme's rules to an answer with its reasons."""
