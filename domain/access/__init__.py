"""Who may do what: roles, the table of permissions, duties that are kept apart, and the accounts behind them."""
