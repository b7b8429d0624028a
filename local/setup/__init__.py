"""The set-up: `setup.sh` looks for a Python, `venv.py` makes the environment, `java.py` the jars."""
