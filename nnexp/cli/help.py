"""Help of commands (`-h`): a flag is shown without a type, and an example of its use stands below."""

from __future__ import annotations

import shlex
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from nnexp.errors import UsageError
from nnexp.wording import find_closest

SLIP_CUTOFF = 0.8
"""How like an option of the command must be to be meant: one wrong letter in five."""


class HelpCommand(TyperCommand):
    """A command whose flags are shown without `<bool>`."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Its options and arguments, `--help` among them."""
        return hide_flag_types(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The words that are left over. Raises UsageError for an option of another tool that is an override here."""
        words = list(args)
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            # pydantic's own words, which mean nothing to a user.
            error.message = error.message.removeprefix("Value error, ")
            raise
        except Exception as error:
            option = getattr(error, "option_name", "")
            takes_overrides = any("KEY=" in (parameter.metavar or "") for parameter in self.params)
            # A slip in an option of the command itself is answered by Typer.
            is_slip = find_closest(option, getattr(error, "possibilities", None) or [], SLIP_CUTOFF) is not None
            if option and takes_overrides and not is_slip:
                _refuse_foreign_option(option, _list_command_words(ctx), words)
            raise


def _list_command_words(ctx: Any) -> list[str]:
    """The words of a command, such as data and show; the program's own name depends on how it was started."""
    names: list[str] = []
    while ctx.parent is not None:
        names.insert(0, str(ctx.info_name))
        ctx = ctx.parent
    return names


def _refuse_foreign_option(option: str, command: list[str], words: list[str]) -> None:
    """Raises UsageError where an option such as --epochs names a key of a spec, with the override to type."""
    from nnexp.spec.foreign_options import suggest_override  # here, so that help need not wait for it

    override = suggest_override(option, words)
    if override:
        typed = shlex.join(["nnexp", *command, *override])
        raise UsageError(f"there is no option {option}; what a spec holds is overridden by key=value:\n  {typed}")


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
