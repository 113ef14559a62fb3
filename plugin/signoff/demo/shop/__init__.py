"""The shop: the source of its repository (`repository/`), and its instances as supervised programs."""
