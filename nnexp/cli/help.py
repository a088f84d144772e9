"""Help of commands (`-h`): a flag is shown without a type, and an example of its use stands below."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup, TyperOption


class HelpCommand(TyperCommand):
    """A command whose flags are shown without `<bool>`."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its options and arguments, `--help` among them."""
        return hide_flag_types(super().get_params(ctx))


class HelpGroup(TyperGroup):
    """A command with commands of its own whose flags are shown without `<bool>`."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its options, `--help` among them."""
        return hide_flag_types(super().get_params(ctx))


def hide_flag_types(parameters: list[Any]) -> list[Any]:
    """The same parameters; a flag, which takes no value, names no type of value."""
    for parameter in parameters:
        if isinstance(parameter, TyperOption) and parameter.is_flag:
            # An empty name of the value stands before the type in help, and flags use it nowhere else.
            parameter.metavar = ""
    return parameters


def format_example(command: str) -> str:
    """The last line of a command's help."""
    return f"Example: {command}"
