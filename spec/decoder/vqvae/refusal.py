"""What a reader raises instead of guessing.

Every check that the specification asks of a reader ends here, so that callers tell damaged or foreign data from a bug.
"""


class Refused(ValueError):
    """Data that the specification says a reader must refuse."""


class UnsupportedVersion(Refused):
    """A container, model or priors of a version that this reader does not know."""


class MissingModel(Refused):
    """No package with the hash that the metadata names is embedded, given or found."""


def refuse_unless(condition, message):
    if not condition:
        raise Refused(message)
