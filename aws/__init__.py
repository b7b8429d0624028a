"""A session and its endpoint, for every program that speaks to AWS or to an emulator of it."""
