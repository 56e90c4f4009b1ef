"""Programs that use one vendor's SDK are rewritten to use another's."""

from collections.abc import Iterator

import libcst as cst
from msgspec import Struct

from crossfade.migrate.rewriting.audio import bytes_a_second
from crossfade.migrate.rewriting.edits import INDENT, indented
from crossfade.migrate.rewriting.finishing import add_imports, drop_unused_imports, is_import
from crossfade.migrate.rewriting.names import rewrite_names
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.sdk import Sdk, called
from crossfade.migrate.rewriting.settings import Found, gather_facts
from crossfade.migrate.rewriting.wire import Facts, Kind, Wire


class Handler(Struct, frozen=True, kw_only=True):
    """A function that is called with messages."""

    function: cst.FunctionDef
    kinds: tuple[Kind, ...]
    registration: cst.CSTNode
    """A decorator, or the statement that registers it."""


def uses(program: Program, sdk: Sdk) -> cst.SimpleStatementLine | None:
    """The statement that imports it, of whatever generation."""
    for statement in program.module.body:
        if is_import(statement):
            text = program.text(statement)
            if text.split()[1].split(".")[0] == sdk.package:
                assert isinstance(statement, cst.SimpleStatementLine)
                return statement
    return None


def rewrite_sdk(source: str, sdk: Sdk, target: Sdk, wires: tuple[Wire, Wire]) -> str:
    """Rewrite what is of the one SDK; a generation of it that is not known is only marked."""
    program = Program(source)
    statement = uses(program, sdk)
    assert statement is not None
    client = _client(program, sdk)
    start = _method(program, sdk.start) or (_method(program, sdk.whole) if sdk.whole else [])
    if sdk.module not in program.text(statement) or client is None or not start:
        what = program.text(statement).split("\n")[0].rstrip("( ")
        why = f"write it anew with {target.module}: nothing of it was rewritten."
        program.mark(statement, what, why)
        return program.edited()
    return _Rewriting(program, sdk, target, wires, client, start[0]).run(statement)


def _client(program: Program, sdk: Sdk) -> cst.Call | None:
    calls = [c for c in program.all(cst.Call) if _last(program, c.func) in sdk.clients]
    return calls[0] if calls else None


def _last(program: Program, node: cst.CSTNode) -> str:
    return program.text(node).rpartition(".")[2]


def _method(program: Program, name: str) -> list[cst.Call]:
    return [
        call
        for call in program.all(cst.Call)
        if isinstance(call.func, cst.Attribute) and call.func.attr.value == name
    ]


class _Rewriting:
    def __init__(
        self,
        program: Program,
        sdk: Sdk,
        target: Sdk,
        wires: tuple[Wire, Wire],
        client: cst.Call,
        start: cst.Call,
    ) -> None:
        self._program = program
        self._sdk = sdk
        self._target = target
        self._wires = wires
        self._client = client
        self._start = start
        self._names = {next(iter(target.clients)), target.event_class}
        self._imports: set[str] = set()
        self._settings = sdk.read_settings(program, start)
        self._facts = Facts(joins_text='end=""' in program.source)
        gather_facts(
            program, [Found(node=cst.Dict([]), role="all", settings=self._settings)], self._facts
        )
        model = [setting.source for setting in self._settings if setting.name == "model"]
        self._facts.ends_twice = model == ["standard"]

    def run(self, statement: cst.SimpleStatementLine) -> str:
        program = self._program
        handlers = list(self._handlers())
        rewrite_names(program, *self._wires)
        self._rewrite_hosts()
        self._rewrite_client()
        self._rewrite_readings()
        for handler in handlers:
            self._rewrite_handler(handler)
        self._rewrite_start()
        self._rewrite_calls()
        if not self._sdk.clients[_last(program, self._client.func)]:
            self._make_asynchronous()
        self._rewrite_annotations()
        names = sorted(self._names, key=lambda name: (name.isupper(), name.lower()))
        lines = "".join(f"{INDENT}{name},\n" for name in names)
        program.replace(statement, f"from {self._target.module} import (\n{lines})")
        text = program.edited()
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

    # --- Handlers ---

    def _handlers(self) -> Iterator[Handler]:
        functions = {one.name.value: one for one in self._program.all(cst.FunctionDef)}
        for function in functions.values():
            for decorator in function.decorators:
                if isinstance(decorator.decorator, cst.Call):
                    kinds = self._event(decorator.decorator)
                    if kinds:
                        yield Handler(function=function, kinds=kinds, registration=decorator)
        for call in _method(self._program, "on"):
            named = self._program.text(call.args[1].value) if len(call.args) == 2 else ""
            if named in functions and (kinds := self._event(call)):
                statement = self._program.statement(call)
                yield Handler(function=functions[named], kinds=kinds, registration=statement)

    def _event(self, call: cst.Call) -> tuple[Kind, ...]:
        if not call.args:
            return ()
        name = self._program.text(call.args[0].value)
        if self._sdk.event_class not in name and not name.rpartition(".")[0].endswith("Events"):
            return ()
        return self._sdk.events.get(name.rpartition(".")[2], ())

    def _rewrite_handler(self, handler: Handler) -> None:
        program, target = self._program, self._target
        function = handler.function
        parameters = [parameter.name.value for parameter in function.params.params]
        message = parameters[self._sdk.message_at]
        name, client = function.name.value, self._client_name()
        said = name
        if function.asynchronous and not target.awaits_handlers:
            said = self._without_waiting(function)
        if target.message_at > self._sdk.message_at:
            program.replace(
                function.params.params[0], f"_client, {program.text(function.params.params[0])}"
            )
        elif target.message_at < self._sdk.message_at:
            said = f"partial({said}, {client})"
            self._imports.add("from functools import partial")
        kinds = [kind for kind in handler.kinds if kind != "partial" or self._facts.partials]
        guards = {target.guard(kind, message, self._facts) for kind in kinds}
        guard = guards.pop() if len(guards) == 1 else None
        if guard:
            program.insert_into(function.body, f"if {guard}:\n{INDENT}return")
        events = dict.fromkeys(target.names[kind] for kind in kinds)
        lines = "\n".join(f"{client}.on({target.event_class}.{event}, {said})" for event in events)
        if isinstance(handler.registration, cst.Decorator):
            start = program.line_start(program.span(handler.registration)[0])
            program.replace_span(start, program.line_end(program.span(handler.registration)[1]), "")
            program.insert_after(function, f"\n{lines}")
        else:
            indent = program.indent(handler.registration)
            program.replace(handler.registration, lines.replace("\n", f"\n{indent}"))

    def _without_waiting(self, function: cst.FunctionDef) -> str:
        """What to register where coroutines are not: the function as a plain one, if it can be."""
        program, name = self._program, function.name.value
        if program.all(cst.Await, function.body):
            self._imports.add("import asyncio")
            return f"(lambda *said: asyncio.ensure_future({name}(*said)))"
        start = program.span(function)[0]
        program.replace_span(start, start + len("async "), "")
        return name

    def _client_name(self) -> str:
        above = self._program.parent(self._client)
        if isinstance(above, cst.WithItem) and above.asname:
            return self._program.text(above.asname.name)
        if isinstance(above, cst.Assign):
            return self._program.text(above.targets[0].target)
        return "client"

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
            name = _last(program, annotation.annotation)
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
        return _last(self._program, self._start.func) == self._sdk.whole

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
            and _last(program, made.func).endswith(("Config", "Format", "Parameters"))
            and len([name for name in reads if self._is_read(name)]) == 1
        ):
            program.remove(program.statement(made))

    def _is_read(self, name: cst.Name) -> bool:
        above = self._program.parent(name)
        is_keyword = isinstance(above, cst.Arg) and above.keyword is name
        return not is_keyword and not isinstance(above, cst.AssignTarget | cst.Attribute)

    def _rewrite_calls(self) -> None:
        program, target = self._program, self._target
        for call in _method(program, self._sdk.send):
            data = program.rendered(call.args[0].value)
            if self._is_iterable(call.args[0].value):
                self._send_all(call, data)
            else:
                self._await(call, f"{target.send}({data})")
        for call in _method(program, self._sdk.force):
            self._await(call, f"{target.force}()")
        for call in _method(program, self._sdk.stop.partition("(")[0]):
            self._await(call, target.stop)

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
