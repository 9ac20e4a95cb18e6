"""What a command raises when it cannot do what it was asked, with an explanation for whoever asked."""


class CommandFailed(Exception):
    """The message says what is wrong and what would be right; no traceback is shown."""
