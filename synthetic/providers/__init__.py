"""How each provider writes down what it sees."""
