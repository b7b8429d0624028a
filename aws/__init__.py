"""Sessions, clients and errors of AWS or an emulator, for all programs."""
