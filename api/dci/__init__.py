"""The DCI façade: the hub as a social registry of the Digital Convergence Initiative (spdci.org).

An envelope `{signature, header, message}` comes in, is read strictly (canonical.py), checked
(signature.py, headers.py), its queries become trees (query.py, evaluate.py), profiles opened through
the desk become DCI records (mapping.py, records.py), and a signed envelope goes back, at once
(sync) or to the client's registered callback (async). See docs/dci.md.
"""
