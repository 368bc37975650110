"""Review: what stewards are asked, in which order, how their answers become judgements. No HTTP.

    a run is published    renewing → grouping → following: standing tasks follow the questions that are open now;
                          facts, cost and ranking say where in the order each stands
    a task is asked       queue → claims; differences, for the eye; voices, where others have answered already
    it is answered        partitions (what the answer says) → contradictions (with the words that stand) → answering;
                          contents seals what was said; undoing takes it back
    others do something   correcting (a proposal moves a task up), forgetting (an erasure)
    who answers for it    figures, agreement

`document` reads the rules, `terms` has the states.
"""
