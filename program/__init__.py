"""The parts that every program shares: command line, environment, child processes, output, errors."""
