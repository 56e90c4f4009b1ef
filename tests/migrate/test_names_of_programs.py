"""The tables of programs are complete: held against wire types and the vendors' packages."""

import dataclasses
import enum
import importlib
import inspect

import msgspec
import pytest

from crossfade.dialects import DIALECTS
from crossfade.dialects.agent_stt import messages as agent
from crossfade.dialects.assemblyai import messages as turns
from crossfade.dialects.assemblyai.parameters import Parameters
from crossfade.dialects.programs import Sdk, Term
from crossfade.dialects.speechmatics import configuration
from crossfade.dialects.speechmatics import messages as transcripts
from crossfade.gateway.mapping import TOPICS
from crossfade.migrate.reading.vocabulary import Vocabulary, join, pascal_case

PROGRAMS = {dialect.name: dialect.programs() for dialect in DIALECTS if dialect.programs}
LIBRARIES = [
    ("speechmatics", "speechmatics.rt"),
    ("speechmatics", "speechmatics.voice"),
    ("speechmatics", "speechmatics.agent_stt"),
    ("assemblyai", "assemblyai.streaming.v3"),
]
NO_NAMES = {"__version__"}


def sdk_of(vendor, module) -> Sdk:
    return next(sdk for sdk in PROGRAMS[vendor].sdks if module in sdk.modules)


def vocabulary_of(vendor, module) -> Vocabulary:
    programs, sdk = PROGRAMS[vendor], sdk_of(vendor, module)
    return Vocabulary(programs, [api for api in programs.apis if api.title == sdk.api], [sdk])


def public(module):
    package = importlib.import_module(module)
    return {name: getattr(package, name) for name in set(package.__all__) - NO_NAMES}


def terms_of(value):
    """All terms in a table, however deep."""
    match value:
        case Term():
            yield value
        case msgspec.Struct():
            for name in value.__struct_fields__:
                yield from terms_of(getattr(value, name))
        case dict():
            for inner in value.values():
                yield from terms_of(inner)
        case tuple():
            for inner in value:
                yield from terms_of(inner)


@pytest.mark.parametrize("vendor", PROGRAMS)
def test_every_name_is_about_a_topic_or_says_itself_what_becomes_of_it(vendor):
    topics = {topic.key for topic in TOPICS}
    for term in terms_of(PROGRAMS[vendor]):
        assert {term.topic, *term.values.values()} - {None} <= topics
        assert (term.verdict is None) == (term.text == "")
        assert term.topic is not None or term.verdict is not None
        assert not term.text or term.text.endswith(".")


@pytest.mark.parametrize("vendor", PROGRAMS)
def test_every_library_speaks_one_of_the_protocols(vendor):
    titles = {api.title for api in PROGRAMS[vendor].apis}
    assert {sdk.api for sdk in PROGRAMS[vendor].sdks} <= titles


@pytest.mark.parametrize("vendor", PROGRAMS)
def test_what_tells_a_vendor_is_in_its_tables_and_in_no_other_ones(vendor):
    def names(programs):
        for api in programs.apis:
            yield from (part for path in api.settings for part in path.split("."))
            yield from (*api.messages, *api.fields)

    others = {name for other in PROGRAMS if other != vendor for name in names(PROGRAMS[other])}
    assert PROGRAMS[vendor].telling <= set(names(PROGRAMS[vendor])) - others


def test_every_parameter_of_the_query_has_a_term():
    settings = PROGRAMS["assemblyai"].apis[0].settings
    assert set(Parameters.__struct_fields__) <= set(settings)


def test_every_field_of_the_configuration_has_a_term():
    settings = PROGRAMS["speechmatics"].apis[0].settings
    known = {part for path in settings for part in path.split(".")}
    for name, kind in vars(configuration).items():
        if inspect.isclass(kind) and issubclass(kind, msgspec.Struct):
            assert set(kind.__struct_encode_fields__) <= known, name


@pytest.mark.parametrize(
    ("vendor", "index", "wire"),
    [("speechmatics", 0, transcripts), ("speechmatics", 1, agent), ("assemblyai", 0, turns)],
    ids=["real-time", "agent", "streaming"],
)
def test_every_message_has_a_term(vendor, index, wire):
    known = PROGRAMS[vendor].apis[index].messages
    kinds = [
        kind for kind in vars(wire).values() if getattr(kind, "__module__", "") == wire.__name__
    ]
    tagged = [kind for kind in kinds if inspect.isclass(kind) and issubclass(kind, msgspec.Struct)]
    tags = {kind.__struct_config__.tag for kind in tagged if not kind.__subclasses__()} - {None}
    assert len(tags) > 5
    assert tags <= set(known)


@pytest.mark.parametrize(("vendor", "module"), LIBRARIES, ids=[module for _, module in LIBRARIES])
def test_every_public_name_of_a_library_has_a_term(vendor, module):
    assert set(public(module)) <= set(sdk_of(vendor, module).names)


@pytest.mark.parametrize(("vendor", "module"), LIBRARIES, ids=[module for _, module in LIBRARIES])
def test_every_method_of_a_client_has_a_term(vendor, module):
    sdk = sdk_of(vendor, module)
    for name in sdk.clients:
        members = inspect.getmembers(public(module)[name])
        methods = {member for member, _ in members if not member.startswith("_")}
        assert methods <= {*sdk.methods, *sdk.plumbing}, name


@pytest.mark.parametrize(("vendor", "module"), LIBRARIES, ids=[module for _, module in LIBRARIES])
def test_every_field_of_a_configuration_class_has_a_term(vendor, module):
    sdk, vocabulary = sdk_of(vendor, module), vocabulary_of(vendor, module)
    for name, path in sdk.configs.items():
        for field in fields(public(module)[name]):
            full = join(path, field)
            known = full in vocabulary.settings or vocabulary.is_object(full)
            assert known or field in sdk.arguments, f"{name}.{field}"


@pytest.mark.parametrize(("vendor", "module"), LIBRARIES, ids=[module for _, module in LIBRARIES])
def test_every_argument_of_a_client_and_its_options_has_a_term(vendor, module):
    sdk = sdk_of(vendor, module)
    classes = public(module)
    options = {name for name in classes if name.endswith(("Options", "ConnectionConfig", "Auth"))}
    for name in sdk.clients | options:
        told = fields(classes[name]) or set(inspect.signature(classes[name]).parameters)
        assert told - {"args", "kwargs"} <= {*sdk.arguments, *sdk.plumbing}, name


@pytest.mark.parametrize(("vendor", "module"), LIBRARIES, ids=[module for _, module in LIBRARIES])
def test_every_kind_of_message_of_a_library_has_a_term(vendor, module):
    sdk, vocabulary = sdk_of(vendor, module), vocabulary_of(vendor, module)
    for name in sdk.kinds:
        kind = public(module)[name]
        assert issubclass(kind, enum.Enum)
        for member in kind.__members__:
            assert pascal_case(member) in vocabulary.messages, f"{name}.{member}"


def fields(kind):
    """The fields of a class of data, in whichever way it is one."""
    if dataclasses.is_dataclass(kind):
        return {field.name for field in dataclasses.fields(kind)}
    return set(getattr(kind, "model_fields", None) or getattr(kind, "__fields__", ()))
