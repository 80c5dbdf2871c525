"""Tables: their schema, and the rows that fill them."""
