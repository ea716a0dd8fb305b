# How `_entries.py` is laid out when it is compiled.
cimport cython
from actors.pid cimport Pid
from actors.process cimport is_alive

@cython.final
cdef class _Partition:
    cdef public object pid
    cdef public dict by_key
    cdef public dict owners
    cdef public dict by_owner

@cython.final
cdef class Tables:
    cdef public object keys
    cdef public bint is_unique
    cdef public tuple listeners
    cdef public dict meta
    cdef public list _partitions
    cdef public object _serials
    cdef public object _lock

    @cython.locals(part=_Partition, parts=list)
    cpdef owner_of(self, object key)
