"""Error operators, by what they spoil. `synthetic.spoiling` imports all of them, which registers
them."""
