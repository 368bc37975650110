"""Corrections: what officers propose, from the form to the golden record, and what became of it.

    a form is filled in    searching → sheet, around (whom it is about) → reading → checks → building: a proposal
    it goes its way        chain, within deadlines; evidence and store keep it sealed; redrafting, where it came back;
                           lists show it
    it is approved         rows (source records of it) → joining: the next run has them among its own;
                           merging, where two profiles are said to be one
    it was a mistake       retracting: a proposal to take it back, which goes its way; revoking
    and afterwards         outcomes; returns, for the civil registry; forgetting and dividing (an erasure)

`document` reads the rules, `terms` has drafts and proposals.
"""
