"""What a schedule is: checks <- ops <- forms <- nodes <- named, bounds <- tree. It imports nothing from other rooms."""
