"""Which names the parts of a Python program bind."""

import re
from collections.abc import Iterator
from typing import TypeGuard

import libcst as cst


def parameter_names(parameters: cst.Parameters) -> list[str]:
    """Of a function."""
    every = [*parameters.posonly_params, *parameters.params, *parameters.kwonly_params]
    every += [one for one in (parameters.star_arg, parameters.star_kwarg) if _is_named(one)]
    return [one.name.value for one in every]


def _is_named(parameter: object) -> TypeGuard[cst.Param]:
    return isinstance(parameter, cst.Param)


def names_bound_by(node: cst.CSTNode) -> list[str]:
    """Names that this node itself gives a value."""
    match node:
        case cst.Assign(targets=targets):
            return [name for target in targets for name in _names(target.target)]
        case cst.AnnAssign(target=target) | cst.AugAssign(target=target):
            return _names(target)
        case cst.For(target=target) | cst.CompFor(target=target) | cst.NamedExpr(target=target):
            return _names(target)
        case cst.MatchAs(name=cst.Name() as name):
            return [name.value]
        case cst.AsName(name=name):
            return _names(name)
        case cst.FunctionDef(name=name) | cst.ClassDef(name=name):
            return [name.value]
        case cst.ImportAlias(name=name, asname=None):
            return re.findall(r"^\w+", cst.Module([]).code_for_node(name))
    return []


def pairs(
    target: cst.CSTNode, value: cst.BaseExpression
) -> Iterator[tuple[str, cst.BaseExpression]]:
    """Names and their values in an assignment, one of tuples among them."""
    if isinstance(target, cst.Name):
        yield target.value, value
    elif isinstance(target, cst.Tuple) and isinstance(value, cst.Tuple):
        for one, other in zip(target.elements, value.elements, strict=False):
            yield from pairs(one.value, other.value)


def _names(target: cst.CSTNode) -> list[str]:
    if isinstance(target, cst.Name):
        return [target.value]
    if isinstance(target, cst.Tuple | cst.List):
        return [name for element in target.elements for name in _names(element.value)]
    return []
