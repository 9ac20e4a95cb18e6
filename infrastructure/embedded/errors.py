"""What can keep an embedded server from running, told with what to do about it."""


class NoEmbeddedServer(Exception):
    """This machine cannot run the server; `setting` names the variable that points to another one."""

    def __init__(self, server: str, reason: str, setting: str) -> None:
        super().__init__(server, reason, setting)
        self.server = server
        self.reason = reason
        self.setting = setting

    def __str__(self) -> str:
        instead = f"Set {self.setting} to the address of another"
        return f"The embedded {self.server} cannot run here: {self.reason}. {instead}."


class NotStarted(Exception):
    """The server was asked for something that it only has once it was started."""
