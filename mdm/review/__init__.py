"""Review: what stewards are asked, in which order, how their answers become judgements. No HTTP."""
