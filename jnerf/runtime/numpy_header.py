"""NumPy 2 under a Jittor that was written for NumPy 1: a header that stands in front of Jittor's own.

Jittor 1.3.11 reads NumPy's arrays through its own ``pyjt/numpy.h``. Of what it uses there, NumPy 2 has changed three
things: the size of an element lies elsewhere in a dtype (so Jittor copies wrong numbers of bytes, without an error),
``PyArray_CopyInto`` has another place in the table of functions, and ``PyArray_CastScalarToCtype`` wants a whole dtype
where Jittor has a piece of one. All else is where it was (NumPy 2.0 to 2.5).

The header is made from the installed one by substitution, so that the rest of it stays Jittor's, and is compiled in by
a flag ``-I``, which comes before Jittor's own: no file of Jittor is touched.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from jnerf.runtime.files import place as place_file

INSTALLED = "src/pyjt/numpy.h"
"""Jittor's own header, in its package folder."""
_INCLUDED = "pyjt/numpy.h"  # as its sources include it

_DTYPE = """    char flags;
    int type_num;
    int elsize;
    int alignment;
    char* subarray;
    PyObject *fields;
    PyObject *names;
};
"""
_DTYPE_2 = """    char former_flags;
    int type_num;
    uint64_t flags;
    Py_ssize_t elsize;
    Py_ssize_t alignment;
};
"""
_END = "void numpy_init();\n"
# Macros with parentheses: where Jittor declares and fills the two pointers, their names stand without any.
_END_2 = """
inline int jnerf_copy_into(PyObject* target, PyObject* source) {
    return ((int (*)(PyObject*, PyObject*))PyArray_API[50])(target, source);
}
#define PyArray_CopyInto(target, source) jnerf_copy_into(target, source)

inline void jnerf_scalar_to_int(PyObject* scalar, int* value) {
    PyObjHolder number(PyNumber_Long(scalar), "an index must be a whole number");
    *value = (int)PyLong_AsLong(number.obj);
    CHECK(!PyErr_Occurred());
}
#define PyArray_CastScalarToCtype(scalar, value, dtype) ((void)(dtype), jnerf_scalar_to_int(scalar, value))

"""
_SUBSTITUTIONS = ((_DTYPE, _DTYPE_2), (_END, _END_2 + _END))


def for_numpy_2(header: str) -> str:
    """Jittor's ``pyjt/numpy.h`` with what NumPy 2 has changed.

    Args:
        header: the text of the installed one.

    Raises:
        ValueError: it is not the one of Jittor 1.3.11; the message is what was looked for.
    """
    for theirs, ours in _SUBSTITUTIONS:
        if header.count(theirs) != 1:
            raise ValueError(" ".join(theirs.split()))
        header = header.replace(theirs, ours)
    return f"// Written by jnerf, from the header of the installed Jittor: for NumPy 2.\n{header}"


def include_folder(home: Path, text: str) -> Path:
    """The folder that holds ``text``, to be named by ``-I``.

    It has the text's digest in its name: Jittor looks for changes in the headers of its own folder only, and takes
    another flag for another build.

    Args:
        home: the folder under which Jittor keeps ``.cache/jittor``.
        text: of ``for_numpy_2``.
    """
    digest = hashlib.sha1(text.encode()).hexdigest()[:8]
    return home / ".cache" / "jnerf" / f"numpy2-{digest}"


def place(home: Path, text: str) -> None:
    """Writes the header, unless it lies there.

    Raises:
        OSError: the folder cannot be written.
    """
    place_file(include_folder(home, text) / _INCLUDED, text)
