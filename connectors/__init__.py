"""How a table reaches the outside: one module per kind, each with the list of every option it accepts."""
