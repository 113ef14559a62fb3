"""`signoff load`: makes the load that the inventory describes, where and when that is allowed."""
