# How `strategy.py` is laid out when it is compiled.
cimport cython

@cython.final
cdef class Plan:
    cdef readonly tuple stop
    cdef readonly tuple forget
    cdef readonly tuple start

cpdef bint is_restarted(object restart, object reason) except -1

cpdef bint is_failure(object restart, object reason) except -1

cpdef Plan plan(object strategy, object newest_first, object failed)
