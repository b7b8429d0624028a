"""The set-up: `setup.sh` looks for a Python, `venv.py` makes the environment, `java.py` provides the jars."""
