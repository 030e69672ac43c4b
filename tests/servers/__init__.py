"""Real servers for the tests: each in a private directory, on loopback, ended with the process that started it."""
