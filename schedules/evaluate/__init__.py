"""What its value is: one fold over the five nodes, read as source, arrays and whole curves. It imports the algebra."""
