"""A folder of SQL per job, and the command line for them."""
