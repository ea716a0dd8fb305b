# How `names.py` is laid out when it is compiled.
cimport cython
from actors._kernel.cell cimport Cell

@cython.final
cdef class Names:
    cdef public dict _table

    cpdef register(self, Cell cell, object name)
    cpdef release(self, Cell cell)
    cpdef Cell find(self, object name)
