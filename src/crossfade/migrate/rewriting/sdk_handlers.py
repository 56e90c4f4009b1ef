"""Functions that an SDK calls with messages: registered for others, and given what they expect."""

from collections.abc import Mapping, Sequence

import libcst as cst
from msgspec import Struct

from crossfade.migrate.rewriting.edits import INDENT
from crossfade.migrate.rewriting.following import message_parameters
from crossfade.migrate.rewriting.program import Program
from crossfade.migrate.rewriting.sdk import Sdk
from crossfade.migrate.rewriting.wire import Facts, Kind


class Handler(Struct, frozen=True, kw_only=True):
    """A function that is called with messages."""

    function: cst.FunctionDef | cst.Lambda
    said: str
    """How it is named where it is registered."""
    kinds: tuple[Kind, ...]
    """Of all its registrations."""
    registrations: tuple[cst.CSTNode, ...]
    """Decorators, or the statements that register it."""


def last_name(program: Program, node: cst.CSTNode) -> str:
    """``x`` of ``x`` and of ``module.x``."""
    return program.text(node).rpartition(".")[2]


class HandlerRewriting:
    """Finds them, and rewrites them one by one."""

    def __init__(
        self,
        program: Program,
        sdk: Sdk,
        target: Sdk,
        client: cst.Call,
        methods: Mapping[str, Sequence[cst.Call]],
    ) -> None:
        self._program = program
        self._sdk = sdk
        self._target = target
        self._client = client
        self._methods = methods
        self._imports: set[str] = set()
        self._facts = Facts()

    def handlers(self) -> list[Handler]:
        """All of them; one that is registered more than once is one."""
        found: dict[cst.CSTNode, Handler] = {}
        for one in [*self._decorated(), *self._registered()]:
            before = found.get(one.function)
            found[one.function] = one if before is None else _both(before, one)
        return list(found.values())

    def _decorated(self) -> list[Handler]:
        return [
            Handler(
                function=function,
                said=function.name.value,
                kinds=kinds,
                registrations=(decorator,),
            )
            for function in self._program.all(cst.FunctionDef)
            for decorator in function.decorators
            if isinstance(decorator.decorator, cst.Call)
            and (kinds := self._event(decorator.decorator))
        ]

    def _registered(self) -> list[Handler]:
        functions = {one.name.value: one for one in self._program.all(cst.FunctionDef)}
        found = []
        for call in self._methods.get("on", ()):
            if len(call.args) != 2 or not (kinds := self._event(call)):
                continue
            given = call.args[1].value
            said = self._program.text(given)
            function = functions.get(said.removeprefix("self."))
            made = given if isinstance(given, cst.Lambda) else function
            if made is not None:
                statement = self._program.statement(call)
                found.append(
                    Handler(function=made, said=said, kinds=kinds, registrations=(statement,))
                )
        return found

    def _event(self, call: cst.Call) -> tuple[Kind, ...]:
        if not call.args:
            return ()
        name = self._program.text(call.args[0].value)
        if self._sdk.event_class not in name and not name.rpartition(".")[0].endswith("Events"):
            return ()
        return self._sdk.events.get(name.rpartition(".")[2], ())

    def rewrite_handler(self, handler: Handler) -> None:
        """Write a handler, and where it is registered."""
        parameters = message_parameters(handler.function)
        if len(parameters) <= self._sdk.message_at:
            self._program.mark(handler.function, handler.said, "it is given other things here.")
            return
        kinds = [kind for kind in handler.kinds if kind != "partial" or self._facts.partials]
        message = parameters[self._sdk.message_at]
        guards = {self._target.guard(kind, message, self._facts) for kind in kinds}
        guard = guards.pop() if len(guards) == 1 else None
        if isinstance(handler.function, cst.Lambda):
            said = self._lambda(handler.function, parameters, guard)
        else:
            said = self._function(handler.function, handler.said, guard)
        if self._target.message_at < self._sdk.message_at:
            said = f"partial({said}, {self._client_name()})"
            self._imports.add("from functools import partial")
        self._register(handler, said, kinds)

    def _lambda(self, made: cst.Lambda, parameters: Sequence[str], guard: str | None) -> str:
        body = self._program.rendered(made.body)
        more = ["_client"] if self._target.message_at > self._sdk.message_at else []
        unless = f"None if {guard} else " if guard else ""
        return f"lambda {', '.join([*more, *parameters])}: {unless}{body}"

    def _function(self, function: cst.FunctionDef, said: str, guard: str | None) -> str:
        program = self._program
        if function.asynchronous and not self._target.awaits_handlers:
            said = self._without_waiting(function, said)
        if self._target.message_at > self._sdk.message_at:
            first = function.params.params[-len(message_parameters(function))]
            program.replace(first, f"_client, {program.text(first)}")
        if guard:
            program.insert_into(function.body, f"if {guard}:\n{INDENT}return")
        return said

    def _register(self, handler: Handler, said: str, kinds: Sequence[Kind]) -> None:
        """In the place of its first registration; there is one for each event of the target's."""
        program, client = self._program, self._client_name()
        events = dict.fromkeys(self._target.names[kind] for kind in kinds)
        lines = "\n".join(
            f"{client}.on({self._target.event_class}.{event}, {said})" for event in events
        )
        first = handler.registrations[0]
        for registration in handler.registrations:
            if isinstance(registration, cst.Decorator):
                start, end = program.span(registration)
                program.replace_span(program.line_start(start), program.line_end(end), "")
            elif registration is not first:
                assert isinstance(registration, cst.SimpleStatementLine)
                program.remove(registration)
        if isinstance(first, cst.Decorator):
            program.insert_after(handler.function, f"\n{lines}")
        else:
            indent = program.indent(first)
            program.replace(first, lines.replace("\n", f"\n{indent}"))

    def _without_waiting(self, function: cst.FunctionDef, name: str) -> str:
        """What to register where coroutines are not: the function as a plain one, if it can be."""
        program = self._program
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


def _both(one: Handler, other: Handler) -> Handler:
    return Handler(
        function=one.function,
        said=one.said,
        kinds=(*one.kinds, *other.kinds),
        registrations=(*one.registrations, *other.registrations),
    )
