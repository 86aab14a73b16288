"""Variants of a stack from the command line: `--set flask-sync.workers=1,2,4` makes three stacks from one."""

from collections.abc import Iterable, Sequence

from pydantic import ValidationError

from bench.errors import BenchError
from bench.plan.config import Config, StackTable, known

PLACED = ("workers", "threads")
NUMBERS = (*PLACED, "slots")


def apply_settings(
    config: Config, settings: Sequence[str], numbers: Sequence[str] = NUMBERS
) -> tuple[Config, dict[str, list[str]]]:
    """The config with the variants added, and the names of the variants of each stack that has some.

    A variant is called `flask-sync[workers=2]`; two settings of one stack multiply. Keys: env.NAME and `numbers`.
    Raises BenchError for a setting that is malformed or that names an unknown stack or key.
    """
    replaced: dict[str, list[str]] = {}
    stacks = dict(config.stacks)
    for setting in settings:
        name, dot, rest = _split(setting, config.stacks)
        key, equals, values = rest.partition("=")
        if not (equals and dot and values):
            raise BenchError(f"--set {setting}: write STACK.KEY=VALUE[,VALUE...], such as flask-sync.workers=1,2,4")
        known("stack", [name], config.stacks, f"--set {setting}")
        if key not in numbers and not key.startswith("env."):
            raise BenchError(f"--set {setting}: unknown key {key!r}; known: {', '.join((*numbers, 'env.NAME'))}")
        if key in PLACED and not any(f"{{{key}}}" in text for text in _texts(config.stacks[name])):
            raise BenchError(
                f"--set {setting}: neither argv nor env of {name} has {{{key}}}, so it would change nothing"
            )
        variants = {
            _name(base, key, value): _variant(stacks[base], key, value, setting)
            for base in replaced.get(name, [name])
            for value in values.split(",")
        }
        stacks.update(variants)
        replaced[name] = list(variants)
    return config.model_copy(update={"stacks": stacks}), replaced


def replace_names(names: Sequence[str], replaced: dict[str, list[str]]) -> list[str]:
    """The names; the names of its variants replace a stack that has some."""
    return [variant for name in names for variant in replaced.get(name, [name])]


def _split(setting: str, stacks: Iterable[str]) -> tuple[str, str, str]:
    """(stack, dot, rest) of a setting; of several stacks that fit the longest, because names may contain dots."""
    fitting = [name for name in stacks if setting.startswith(f"{name}.")]
    name = max(fitting, key=len, default=setting.partition("=")[0].partition(".")[0])
    return name, setting[len(name) : len(name) + 1].strip("="), setting[len(name) + 1 :]


def _texts(table: StackTable) -> list[str]:
    return [*(table.argv or ()), *table.env.values()]


def _name(base: str, key: str, value: str) -> str:
    return f"{base[:-1]},{key}={value}]" if base.endswith("]") else f"{base}[{key}={value}]"


def _variant(table: StackTable, key: str, value: str, setting: str) -> StackTable:
    fields = table.model_dump(exclude_unset=True)
    if key in NUMBERS:
        fields[key] = int(value) if value.isascii() and value.isdigit() else value
    else:
        fields["env"] = {**table.env, key.removeprefix("env."): value}
    if table.title:
        fields["title"] = f"{table.title}, {key.removeprefix('env.')} {value}"
    try:
        return StackTable.model_validate(fields)
    except ValidationError as error:
        raise BenchError(f"--set {setting}: {value!r}: {error.errors()[0]['msg']}") from None
