"""attachguard: judge what people attach, deliver what is safe, flatten what is not."""

__version__ = "0.1.0"
