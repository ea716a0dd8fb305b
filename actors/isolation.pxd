# How `isolation.py` is called when it is compiled.
cimport cython

cpdef bint crosses_as_it_is(object fn, tuple args) except -1

cpdef witnessed(object value, object cross)

cpdef _copy(object value, object what)
