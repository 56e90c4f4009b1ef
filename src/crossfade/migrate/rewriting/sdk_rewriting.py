"""Programs that use one vendor's SDK are rewritten to use another's."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import libcst as cst

from crossfade.migrate.rewriting.audio import bytes_a_second
from crossfade.migrate.rewriting.comments import edited
from crossfade.migrate.rewriting.edits import INDENT, indented
from crossfade.migrate.rewriting.finishing import add_imports, drop_unused_imports, is_import
from crossfade.migrate.rewriting.following import (
    assignments,
    follow,
    passings,
    variable,
)
from crossfade.migrate.rewriting.names import rewrite_names
from crossfade.migrate.rewriting.program import Program, Scope
from crossfade.migrate.rewriting.sdk import Sdk, called
from crossfade.migrate.rewriting.sdk_handlers import HandlerRewriting, last_name
from crossfade.migrate.rewriting.settings import Found, gather_facts
from crossfade.migrate.rewriting.wire import Wire


def uses(program: Program, sdk: Sdk) -> cst.SimpleStatementLine | None:
    """The statement that imports it, of whatever generation."""
    for statement in program.module.body:
        if is_import(statement):
            text = program.text(statement)
            if text.split()[1].split(".")[0] == sdk.package:
                assert isinstance(statement, cst.SimpleStatementLine)
                return statement
    return None


def rewrite_sdk(program: Program, sdk: Sdk, target: Sdk, wires: tuple[Wire, Wire]) -> str | None:
    """Rewrite what is of the one SDK; ``None``: it is not used in a way that is known."""
    statement = uses(program, sdk)
    assert statement is not None
    clients = [c for c in program.all(cst.Call) if last_name(program, c.func) in sdk.clients]
    if sdk.module not in program.text(statement) or len(clients) != 1:
        return None
    own = _own_methods(program, clients[0])
    starts = own.get(sdk.start, own.get(sdk.whole or "", []))
    if len(starts) != 1:
        return None
    rewriting = _Rewriting(program, sdk, target, wires, clients[0], starts[0], own)
    return rewriting.run(statement) if rewriting.can_wait else None


def marked_only(program: Program, statement: cst.SimpleStatementLine, module: str) -> str:
    """A program whose use of an SDK is left to people."""
    what = program.text(statement).split("\n")[0].rstrip("( ")
    program.mark(statement, what, f"write it anew with {module}: nothing of it was rewritten.")
    return program.edited()


def _own_methods(program: Program, client: cst.Call) -> dict[str, list[cst.Call]]:
    """Calls of the client's methods, by their names."""
    made = map(partial(variable, program), _names_of(program, client))
    seeds = {held for held in made if held is not None}
    seeds |= {
        (parameter.name.value, function)
        for function in program.all(cst.FunctionDef)
        for parameter in function.params.params
        if parameter.annotation is not None
        and last_name(program, parameter.annotation.annotation) == last_name(program, client.func)
    }
    held = follow(program, seeds, [*assignments(program), *passings(program)])
    found: dict[str, list[cst.Call]] = {}
    for call in program.all(cst.Call):
        if isinstance(call.func, cst.Attribute) and variable(program, call.func.value) in held:
            found.setdefault(call.func.attr.value, []).append(call)
    return found


def _names_of(program: Program, client: cst.Call) -> Iterator[cst.CSTNode]:
    match program.parent(client):
        case cst.WithItem(asname=cst.AsName(name=name)):
            yield name
        case cst.Assign(targets=targets):
            yield from (target.target for target in targets)
        case cst.AnnAssign(target=name) | cst.NamedExpr(target=name):
            yield name


class _Rewriting(HandlerRewriting):
    def __init__(
        self,
        program: Program,
        sdk: Sdk,
        target: Sdk,
        wires: tuple[Wire, Wire],
        client: cst.Call,
        start: cst.Call,
        methods: Mapping[str, Sequence[cst.Call]],
    ) -> None:
        super().__init__(program, sdk, target, client, methods)
        self._wires = wires
        self._start = start
        self._names = {next(iter(target.clients)), target.event_class}
        self._settings = sdk.read_settings(program, start)
        self._facts.joins_text = 'end=""' in program.source
        gather_facts(
            program, [Found(node=cst.Dict([]), role="all", settings=self._settings)], self._facts
        )
        model = [setting.source for setting in self._settings if setting.name == "model"]
        self._facts.ends_twice = model == ["standard"]

    @property
    def can_wait(self) -> bool:
        """What is to be waited for stands in a coroutine, or in the function that becomes one."""
        home = self._program.scope(self._start)
        names = [self._sdk.start, self._sdk.send, self._sdk.force, self._sdk.stop.partition("(")[0]]
        calls = [call for name in names for call in self._methods.get(name, ())]
        return self._called_by_name(home) and all(
            (scope := self._program.scope(call)) is home
            or (isinstance(scope, cst.FunctionDef) and scope.asynchronous is not None)
            for call in calls
        )

    def _called_by_name(self, home: Scope) -> bool:
        """Its calls can be found: it is no method, and no other function's callback."""
        if (
            isinstance(home, cst.Module)
            or self._sdk.clients[last_name(self._program, self._client.func)]
        ):
            return True
        if not isinstance(home, cst.FunctionDef) or home.asynchronous is not None:
            return isinstance(home, cst.FunctionDef)
        uses = [name for name in self._program.all(cst.Name) if name.value == home.name.value]
        return all(self._is_definition_or_call(name) for name in uses)

    def _is_definition_or_call(self, name: cst.Name) -> bool:
        above = self._program.parent(name)
        return isinstance(above, cst.FunctionDef) or (
            isinstance(above, cst.Call) and above.func is name
        )

    def run(self, statement: cst.SimpleStatementLine) -> str:
        """The program, written for the other SDK."""
        program = self._program
        handlers = self.handlers()
        rewrite_names(program, *self._wires)
        self._rewrite_hosts()
        self._rewrite_client()
        self._rewrite_readings()
        for handler in handlers:
            self.rewrite_handler(handler)
        self._rewrite_start()
        self._rewrite_calls()
        if not self._sdk.clients[last_name(program, self._client.func)]:
            self._make_asynchronous()
        self._rewrite_annotations()
        names = sorted(self._names, key=lambda name: (name.isupper(), name.lower()))
        lines = "".join(f"{INDENT}{name},\n" for name in names)
        program.replace(statement, f"from {self._target.module} import (\n{lines})")
        text = edited(program)
        if self._is_at_module_level():
            text = in_coroutine(text, next(iter(self._target.clients)))
        return drop_unused_imports(program, add_imports(text, self._imports))

    def _is_at_module_level(self) -> bool:
        return isinstance(self._program.scope(self._start), cst.Module)

    # --- The client ---

    def _rewrite_hosts(self) -> None:
        for string in self._program.all(cst.SimpleString):
            value = string.evaluated_value
            region = self._sdk.host(value) if isinstance(value, str) else None
            if region is not None:
                self._program.replace(string, f'"{self._target.write_host(region)}"')

    def _rewrite_client(self) -> None:
        program, target = self._program, self._target
        holder = self._client
        if self._sdk.options and holder.args and isinstance(holder.args[0].value, cst.Call):
            holder = holder.args[0].value
        given = {
            argument.keyword.value: program.rendered(argument.value)
            for argument in holder.args
            if argument.keyword
        }
        arguments = [f"api_key={given['api_key']}"] if "api_key" in given else []
        if self._sdk.address in given:
            arguments.append(f"{target.address}={target.write_address(given[self._sdk.address])}")
        indent = program.indent(self._client)
        name = next(iter(target.clients))
        if target.options:
            self._names.add(target.options)
            arguments = [called(target.options, arguments, indent + INDENT)]
        program.replace(self._client, called(name, arguments, indent))

    def _rewrite_readings(self) -> None:
        program = self._program
        for node in program.expressions():
            reading = self._sdk.reading(program, node)
            if reading is None:
                continue
            message, field = reading
            text = self._target.write_reading(field, message, self._facts)
            if text is None:
                program.mark(
                    node, program.text(node), f"{self._wires[1].title} does not tell this."
                )
            else:
                program.replace(node, text)

    def _rewrite_annotations(self) -> None:
        program = self._program
        for annotation in program.all(cst.Annotation):
            name = last_name(program, annotation.annotation)
            if name in self._sdk.clients:
                program.replace(annotation.annotation, next(iter(self._target.clients)))
            elif name.endswith(("Event", "Error")) and name != "Error":
                program.replace(annotation.annotation, self._target.message_type)

    # --- The session ---

    def _rewrite_start(self) -> None:
        program = self._program
        start = self._target.write_start(self._settings)
        self._names |= set(start.names)
        statement = program.statement(self._start)
        call = f"{self._client_name()}.{self._target.start}({start.source})"
        if not isinstance(program.parent(self._start), cst.Await):
            call = f"await {call}"
        if self._is_whole():
            call += self._sending_of_file(self._start.args[0].value)
        program.replace(self._start, call.replace("\n", "\n" + program.indent(statement)))
        for mark in start.marks:
            program.insert_before(statement, mark)
        for argument in self._start.args:
            self._remove_settings(argument.value)

    def _is_whole(self) -> bool:
        return last_name(self._program, self._start.func) == self._sdk.whole

    def _sending_of_file(self, file: cst.BaseExpression) -> str:
        """What the method did by itself."""
        if self._facts.encoding == "file":
            why = f"decode it first: {self._wires[1].title} takes samples, and no files."
            self._program.mark(self._start, "audio of a file", why)
        self._imports.add("import asyncio")
        client = self._client_name()
        n_bytes = f"{bytes_a_second(self._facts)} // 20"
        if n_bytes.split()[0].isdigit():
            n_bytes = str(int(n_bytes.split()[0]) // 20)
        return (
            f"\nwhile chunk := {self._program.rendered(file)}.read({n_bytes}):"
            f"\n{INDENT}await {client}.{self._target.send}(chunk)"
            f"\n{INDENT}await asyncio.sleep(0.05)  # no faster than it is spoken"
            f"\nawait {client}.{self._target.stop}"
        )

    def _remove_settings(self, node: cst.BaseExpression) -> None:
        """Take out the variable that held them, if nothing else uses it."""
        program = self._program
        values = program.assigned(node)
        if not isinstance(node, cst.Name) or len(values) != 1:
            return
        made = values[0]
        reads = [name for name in program.all(cst.Name) if name.value == node.value]
        if (
            isinstance(made, cst.Call)
            and last_name(program, made.func).endswith(("Config", "Format", "Parameters"))
            and len([name for name in reads if self._is_read(name)]) == 1
        ):
            program.remove(program.statement(made))

    def _is_read(self, name: cst.Name) -> bool:
        above = self._program.parent(name)
        is_keyword = isinstance(above, cst.Arg) and above.keyword is name
        return not is_keyword and not isinstance(above, cst.AssignTarget | cst.Attribute)

    def _rewrite_calls(self) -> None:
        program, target = self._program, self._target
        for call in self._methods.get(self._sdk.send, ()):
            data = program.rendered(call.args[0].value)
            if self._is_iterable(call.args[0].value):
                self._send_all(call, data)
            else:
                self._await(call, f"{target.send}({data})")
        for call in self._methods.get(self._sdk.force, ()):
            self._await(call, f"{target.force}()")
        for call in self._methods.get(self._sdk.stop.partition("(")[0], ()):
            self._await(call, target.stop)
        self._mark_others()

    def _mark_others(self) -> None:
        """Methods that the other client may not have."""
        sdk = self._sdk
        known = {"on", sdk.start, sdk.whole, sdk.send, sdk.force, sdk.stop.partition("(")[0]}
        for name in self._methods.keys() - known:
            for call in self._methods[name]:
                why = f"the client of {self._target.module} has other methods."
                self._program.mark(call, f".{name}", why)

    def _is_iterable(self, node: cst.BaseExpression) -> bool:
        """The old SDK goes through it by itself: a call of a generator, most of all."""
        return isinstance(node, cst.Call)

    def _send_all(self, call: cst.Call, data: str) -> None:
        """Audio that is waited for is read in a thread: the session goes on meanwhile."""
        self._imports.add("import asyncio")
        program = self._program
        send = f"{self._client_name()}.{self._target.send}"
        text = (
            f"audio = iter({data})\n"
            f"while (chunk := await asyncio.to_thread(next, audio, None)) is not None:\n"
            f"{INDENT}await {send}(chunk)"
        )
        statement = program.statement(call)
        program.replace(statement, text.replace("\n", "\n" + program.indent(statement)))

    def _await(self, call: cst.Call, method: str) -> None:
        program = self._program
        prefix = "" if isinstance(program.parent(call), cst.Await) else "await "
        assert isinstance(call.func, cst.Attribute)
        program.replace(call, f"{prefix}{program.rendered(call.func.value)}.{method}")

    def _make_asynchronous(self) -> None:
        """The function that holds the session becomes a coroutine, run where it was called."""
        program = self._program
        function = program.scope(self._start)
        for call in program.all(cst.Call):
            is_here = program.scope(call) is function and isinstance(program.parent(call), cst.Expr)
            if is_here and program.text(call.func) == "time.sleep":
                program.replace(
                    call, f"await asyncio.sleep({program.rendered(call.args[0].value)})"
                )
        if not isinstance(function, cst.FunctionDef):
            self._imports.add("import asyncio")
            return
        at = program.span(function)[0]
        program.replace_span(at, at + len("def"), "async def")
        self._imports.add("import asyncio")
        for call in program.all(cst.Call):
            if program.text(call.func) == function.name.value:
                program.replace(call, f"asyncio.run({program.rendered(call)})")


def in_coroutine(text: str, client: str) -> str:
    """Put a module from the statement on that makes the client into a coroutine, and run that."""
    module = Program(text)
    for statement in module.module.body:
        is_simple = isinstance(statement, cst.SimpleStatementLine) and not is_import(statement)
        if is_simple and f"{client}(" in module.text(statement):
            lines = text.rstrip("\n").split("\n")
            at = module.line_number(statement) - 1
            body = indented("\n".join(lines[at:]), INDENT)
            main = f"async def main():\n{body}\n\n\nasyncio.run(main())\n"
            return "\n".join([*lines[:at], main]) if at else main
    return text
