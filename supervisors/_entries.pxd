# How `_entries.py` is laid out when it is compiled.
cimport cython
from actors.pid cimport Pid
from actors.process cimport is_alive

@cython.final
cdef class Entry:
    cdef public object serial
    cdef public object key
    cdef public Pid pid
    cdef public object value

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

    @cython.locals(part=_Partition, parts=list, entry=Entry, pid=Pid)
    cpdef owner_of(self, object key)
