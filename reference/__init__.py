"""What the country's codes mean: regions, NIK and KK grammar, code lists, names, attributes. Imports nothing of ours."""
