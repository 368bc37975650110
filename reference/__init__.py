"""What the country's codes mean: regions, NIK and KK grammar, code lists, names, attributes.

Imports nothing of ours. Small tables are given for the joins of bulk SQL (`region_tables`,
`code_table`, `token_table`), functions for one value at a time.
"""
