"""What people write: weights <- curves <- combinators <- recipes, and plateau. It imports algebra and evaluate."""
