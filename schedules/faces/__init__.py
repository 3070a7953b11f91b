"""Where people look: table <- figure <- terminal, notebook, cli. They import any room but each is imported by none."""
