# How `naming.py` is called when it is compiled.
cimport cython
from actors._kernel.cell cimport Cell
from actors._kernel.current cimport me, running
from actors._kernel.scheduler cimport Scheduler
from actors.pid cimport Pid

cdef class Via:
    cdef readonly object module
    cdef readonly object key

cpdef whereis(object address)

cpdef Cell locate(object address)
