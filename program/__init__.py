"""What every program here has: its environment, its child processes, what it prints."""
